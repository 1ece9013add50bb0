using System.Text.Json;
using Millrace.TestKit;

namespace Millrace.EndToEnd.Tests;

/// <summary>The first command of the README, as a process, judged by what it prints.</summary>
public sealed class DemoTests
{
    [Fact]
    public async Task The_demo_ends_with_one_JSON_object_nothing_missing_nothing_twice_and_every_fraud_found()
    {
        await using var demo = await MillraceProgram.StartAsync("demo", "--duration", "40s", "--rate", "200", "--fraud-rate", "2", "--json", "--any-ports");
        await demo.WaitForExitAsync(TimeSpan.FromMinutes(4));

        Assert.True(demo.ExitCode == 0, demo.OutputText);
        Assert.Equal(1, demo.StandardOutput.Count(static l => l == "{"));
        using var document = JsonDocument.Parse(string.Join('\n', demo.StandardOutput));
        var report = document.RootElement;
        TestContext.Current.TestOutputHelper?.WriteLine(report.GetRawText());
        Assert.Superset(
            new HashSet<string>(["transactions", "changes", "processed", "alerts_expected", "alerts_raised", "rows", "missing", "duplicates", "visible_ms", "memory_mb", "seed"]),
            report.EnumerateObject().Select(static p => p.Name).ToHashSet());
        Assert.All(["p50", "p95", "p99"], percentile => Assert.True(report.GetProperty("visible_ms").GetProperty(percentile).GetDouble() > 0));
        Assert.Equal(0, Count("missing"));
        Assert.Equal(0, Count("duplicates"));
        Assert.True(Count("commits") >= 40 * 200 / 2, "far fewer commits than were asked for");
        Assert.Equal(Count("transactions"), Count("rows"));
        Assert.Equal(Count("transactions"), Count("processed"));
        Assert.True(Count("changes") > Count("transactions"), "changes of accounts are missing");
        // One of each pattern at the start, and more by chance.
        Assert.True(Count("alerts_expected") >= 4, "no frauds were injected");
        Assert.Equal(Count("alerts_expected"), Count("alerts_raised"));
        Assert.True(report.GetProperty("visible_ms").GetProperty("samples").GetInt32() > 0, "nothing was measured");
        Assert.All(["millrace", "clickhouse", "postgres"], process => Assert.True(report.GetProperty("memory_mb").GetProperty(process).GetDouble() > 1));

        long Count(string name) => report.GetProperty(name).GetInt64();
    }
}
