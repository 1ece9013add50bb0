using System.Text.Json;
using Millrace.TestKit;

namespace Millrace.EndToEnd.Tests;

/// <summary>The demo on the data of an earlier one.</summary>
public sealed class DemoAgainTests
{
    [Fact]
    public async Task A_second_run_of_the_same_seed_goes_on_with_new_payments_and_without_an_error()
    {
        using var data = new TempDirectory("again");
        var first = await RunAsync(data);
        var second = await RunAsync(data);
        Assert.True(Count(second, "transactions") >= Count(first, "transactions") + Count(second, "commits"), second.GetRawText());
        Assert.True(Count(second, "alerts_expected") > Count(first, "alerts_expected"), second.GetRawText());

        static long Count(JsonElement report, string name) => report.GetProperty(name).GetInt64();
    }

    private static async Task<JsonElement> RunAsync(TempDirectory data)
    {
        await using var demo = await MillraceProgram.StartAsync("demo", "--duration", "12s", "--rate", "40", "--json", "--any-ports", "--data", data.Combine("bank"));
        await demo.WaitForExitAsync(TimeSpan.FromMinutes(3));
        Assert.True(demo.ExitCode == 0, demo.OutputText);
        // What the demo itself says begins with its name; anything else is a server's warning or worse.
        Assert.All(demo.StandardError, static line => Assert.StartsWith("demo: ", line, StringComparison.Ordinal));
        using var document = JsonDocument.Parse(string.Join('\n', demo.StandardOutput));
        return document.RootElement.Clone();
    }
}
