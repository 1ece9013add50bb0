using System.Text.Json;
using Millrace.TestKit;

namespace Millrace.EndToEnd.Tests;

/// <summary>The first command of the README, as a process, judged by what it prints.</summary>
public sealed class DemoTests
{
    [Fact]
    public async Task The_demo_ends_with_one_JSON_object_nothing_missing_nothing_twice_and_every_fraud_found()
    {
        await using var demo = await MillraceProgram.StartAsync("demo", "--duration", "45s", "--rate", "200", "--json", "--any-ports");
        await demo.WaitForExitAsync(TimeSpan.FromMinutes(4));

        Assert.True(demo.ExitCode == 0, demo.OutputText);
        using var document = JsonDocument.Parse(string.Join('\n', demo.StandardOutput));
        var report = document.RootElement;
        TestContext.Current.TestOutputHelper?.WriteLine(report.GetRawText());
        Assert.Equal(0, Count("missing"));
        Assert.Equal(0, Count("duplicates"));
        Assert.True(Count("commits") >= 45 * 200 / 2, "far fewer commits than were asked for");
        Assert.Equal(Count("transactions"), Count("rows"));
        Assert.Equal(Count("transactions"), Count("processed"));
        Assert.True(Count("changes") > Count("transactions"), "changes of accounts are missing");
        // Frauds begin in the first 20 seconds only and are rare: about two are due, none is possible.
        Assert.Equal(Count("alerts_expected"), Count("alerts_raised"));
        Assert.True(report.GetProperty("visible_ms").GetProperty("samples").GetInt32() > 0, "nothing was measured");
        Assert.All(["millrace", "clickhouse", "postgres"], process => Assert.True(report.GetProperty("memory_mb").GetProperty(process).GetDouble() > 1));

        long Count(string name) => report.GetProperty(name).GetInt64();
    }
}
