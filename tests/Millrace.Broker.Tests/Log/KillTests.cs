using System.Globalization;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Log;

/// <summary>SIGKILL at random moments under load. MILLRACE_TEST_KILLS raises the count, MILLRACE_TEST_SEED repeats a run.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("MILLRACE_TEST_KILLS") ?? "5", CultureInfo.InvariantCulture);

    private static int Seed => int.Parse(Environment.GetEnvironmentVariable("MILLRACE_TEST_SEED") ?? "20261123", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_doubled_by_SIGKILL()
    {
        await using var fixture = new LogFixture();
        var random = new Random(Seed);
        output.WriteLine($"seed {Seed}, {Kills} kills");
        var acknowledged = new Dictionary<string, long>();
        for (var round = 0; round < Kills; round++)
        {
            await RunUntilKilledAsync(fixture.Directory, round * AppendingChild.Producers, random, acknowledged);
            await CheckAsync(fixture, acknowledged, clean: round % 2 == 0);
        }

        output.WriteLine($"{acknowledged.Count} acknowledged records");
    }

    private static async Task RunUntilKilledAsync(string directory, int firstProducer, Random random, Dictionary<string, long> acknowledged)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Millrace.Broker.Tests");
        var acks = Path.Combine(directory, ".acks");
        File.Delete(acks);
        var environment = new Dictionary<string, string?> { [AppendingChild.Variable] = directory, [AppendingChild.Variable + "_ID"] = $"{firstProducer}" };
        await using var child = await ChildProcess.StartAsync(program, ["--explicit", "only", "--filter-class", typeof(AppendingChild).FullName!], environment);
        // The moment is a length of the list of acknowledgements, which repeats better than a time.
        var moment = random.Next(1, 60_000);
        await Eventually.True(() => child.HasExited || (File.Exists(acks) && new FileInfo(acks).Length > moment), $"{moment} bytes of acknowledgements");
        Assert.False(child.HasExited, child.OutputText);
        await child.KillAsync();
        foreach (var line in (await File.ReadAllTextAsync(acks)).Split('\n')[..^1])
        {
            var parts = line.Split(' ');
            acknowledged[parts[0]] = long.Parse(parts[1], CultureInfo.InvariantCulture);
        }

        File.Delete(acks);
    }

    private static async Task CheckAsync(LogFixture fixture, Dictionary<string, long> acknowledged, bool clean)
    {
        // A copy is checked, so that the next child recovers by itself; every other time the original is opened and stopped cleanly instead.
        await using var copy = fixture.Crashed();
        var log = await copy.OpenAsync(AppendingChild.Config);
        var records = LogFixture.ReadAll(log).Select(static r => (r.Offset, Id: r.Value.TrimEnd('.'))).ToList();
        Assert.Equal(Enumerable.Range(0, records.Count).Select(static i => (long)i), records.Select(static r => r.Offset));
        foreach (var (id, offset) in acknowledged)
        {
            Assert.True(offset < records.Count && records[(int)offset].Id == id, $"{id} at {offset} is lost");
        }

        foreach (var producer in records.GroupBy(static r => r.Id.Split('/')[0]))
            Assert.Equal(Enumerable.Range(0, producer.Count()).Select(i => $"{producer.Key}/{i}"), producer.Select(static r => r.Id));
        if (!clean)
            return;
        await fixture.OpenAsync(AppendingChild.Config);
        await fixture.Manager!.DisposeAsync();
    }
}
