using Millrace.TestKit;

namespace Millrace.EndToEnd.Tests.Pgbench;

/// <summary>
/// Input that nobody here wrote: pgbench's TPC-B runs on PostgreSQL while capture, a job and ClickHouse follow. Afterwards rows and sums are equal everywhere,
/// though each process may have been killed on the way.
/// </summary>
/// <remarks>
/// By hand, larger: <c>MILLRACE_TEST_KILLS=20 MILLRACE_TEST_SCALE=10 MILLRACE_TEST_CLIENTS=8 MILLRACE_TEST_RATE=0 MILLRACE_TEST_SEED=…</c> (a rate of 0: as fast as PostgreSQL can).
/// </remarks>
public sealed class PgbenchTests
{
    private static readonly int _kills = Setting("KILLS", 6);
    private static readonly int _scale = Setting("SCALE", 1);
    private static readonly int _clients = Setting("CLIENTS", 2);
    private static readonly int _rate = Setting("RATE", 200);
    private static readonly int _seed = Setting("SEED", 1);
    private static readonly TimeSpan _settleTimeout = TimeSpan.FromSeconds(Setting("SETTLE_SECONDS", 90));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_pgbench_commits_is_the_same_everywhere()
    {
        await using var platform = await PgbenchPlatform.StartAsync(_scale, Ct);
        await using var pgbench = await platform.StartPgbenchAsync([.. Load(), "-T", "5"]);
        await pgbench.WaitForExitAsync(TimeSpan.FromMinutes(1));
        Assert.True(pgbench.ExitCode == 0, pgbench.OutputText);
        await AgreeAsync(platform);
    }

    [Fact]
    public async Task What_pgbench_commits_is_the_same_everywhere_though_every_process_is_killed()
    {
        await using var platform = await PgbenchPlatform.StartAsync(_scale, Ct);
        // A snapshot that is broken off begins anew, and a table without a key then has its rows twice, as documented: let it end first.
        await Eventually.True(async () => (await platform.ClickHouse.ScalarAsync("SELECT count() >= 100 FROM pgbench_history", Ct)).GetInt32() == 1, "the snapshot in ClickHouse", _settleTimeout, Ct);
        await using var pgbench = await platform.StartPgbenchAsync([.. Load(), "-T", "86400"]);
        var random = new Random(_seed);
        var due = new Queue<Victim>();
        for (var kill = 1; kill <= _kills; kill++)
        {
            // Each in turn, in an order of its own every time around.
            if (due.Count == 0) due = new Queue<Victim>(Shuffled(random));
            var victim = due.Dequeue();
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(200, 2500)), Ct);
            Say($"{TimeProvider.System.GetLocalNow():HH:mm:ss.fff} kill {kill}: {victim}");
            await platform.KillAsync(victim);
            Assert.Empty(platform.Fallen());
        }

        await Task.Delay(TimeSpan.FromSeconds(1), Ct);
        Assert.False(pgbench.HasExited, pgbench.OutputText);
        await pgbench.TerminateAsync();
        await AgreeAsync(platform);
    }

    private static Victim[] Shuffled(Random random)
    {
        var victims = Enum.GetValues<Victim>();
        random.Shuffle(victims);
        return victims;
    }

    private static IEnumerable<string> Load() => ["-n", "-c", $"{_clients}", .. _rate > 0 ? (string[])["-R", $"{_rate}"] : []];

    private static async Task AgreeAsync(PgbenchPlatform platform)
    {
        var audit = new PgbenchAudit(platform);
        await audit.ReadTruthAsync(Ct);
        Say(string.Join("; ", audit.Truth.Select(static t => $"{t.Key}: {t.Value}")));
        var differences = new List<string>();
        try
        {
            await Eventually.True(async () => (differences = await audit.CompareClickHouseAsync(Ct)).Count == 0, "ClickHouse agrees with PostgreSQL", _settleTimeout, Ct);
        }
        catch (TimeoutException e)
        {
            // The topics say on which side of them the fault is.
            differences.AddRange(await audit.CompareTopicsAsync(Ct));
            Assert.Fail($"seed {_seed}: {e.Message} {e.InnerException?.Message}\n{string.Join('\n', differences)}\n{string.Join('\n', platform.Fallen())}\n{platform.Complaints()}");
        }

        Assert.Empty(await audit.CompareTopicsAsync(Ct));
        Assert.Empty(platform.Fallen());
    }

    private static int Setting(string name, int otherwise) => Environment.GetEnvironmentVariable($"MILLRACE_TEST_{name}") is { Length: > 0 } text ? int.Parse(text) : otherwise;

    private static void Say(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
