using System.Net;
using Millrace.Console.Tests.Support;
using Millrace.TestKit;

namespace Millrace.Console.Tests;

/// <summary>The console as a server: health, metrics, assets, and what happens when things are not there.</summary>
public sealed class ServerTests(PlatformFixture platform)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_that_a_page_refers_to_is_served_from_the_assembly()
    {
        using var http = Client();
        var page = await http.GetStringAsync("", Cancelled);
        var files = System.Text.RegularExpressions.Regex.Matches(page, "(href|src)=\"(?<file>(assets|_framework)/[^\"]+)\"", System.Text.RegularExpressions.RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Select(static match => WebUtility.HtmlDecode(match.Groups["file"].Value)).ToList();

        Assert.True(files.Count >= 6, page);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        foreach (var file in files.Append("assets/fonts/inter.woff2").Append("assets/fonts/jetbrains-mono.woff2"))
        {
            using var response = await http.GetAsync(file, Cancelled);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.True(response.Content.Headers.ContentLength > 100, file);
            using var again = new HttpRequestMessage(HttpMethod.Get, file) { Headers = { { "If-None-Match", response.Headers.ETag!.ToString() } } };
            using var unchanged = await http.SendAsync(again, Cancelled);
            Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        }
    }

    [Fact]
    public async Task Health_and_metrics_are_served()
    {
        using var http = Client();
        Assert.Equal("{\"status\":\"up\"}", await http.GetStringAsync("health", Cancelled));

        await Eventually.True(async () => (await http.GetStringAsync("metrics", Cancelled)).Contains("millrace_kafka_group_lag_records{group=\"fraud-rules\"", StringComparison.Ordinal), "lag is in the metrics", cancellationToken: Cancelled);
        var metrics = await http.GetStringAsync("metrics", Cancelled);
        Assert.Contains("millrace_console_source_up{system=\"kafka\"} 1", metrics, StringComparison.Ordinal);
        Assert.All(metrics.Split('\n', StringSplitOptions.RemoveEmptyEntries), static line => Assert.Matches(@"^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+=""[^""]*"",?)+\})? -?[0-9.E+-]+)$", line));
    }

    [Fact]
    public async Task A_port_in_use_is_said_to_be_in_use()
    {
        var error = await Assert.ThrowsAsync<IOException>(() => ConsoleServer.StartAsync(new ConsoleOptions { Listen = $"127.0.0.1:{platform.Console.Address.Port}" }, cancellationToken: Cancelled));

        Assert.Contains("is in use by another process", error.Message, StringComparison.Ordinal);
        Assert.Contains("Listen", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_starts_with_nothing_to_show_and_says_what_is_missing()
    {
        var nowhere = $"127.0.0.1:{FreePort.Next()}";
        await using var console = await ConsoleServer.StartAsync(new ConsoleOptions { Listen = "127.0.0.1:0", Bootstrap = nowhere, ConnectUrl = null, StreamsUrl = null, ClickHouseUrl = null }, cancellationToken: Cancelled);
        using var http = new HttpClient { BaseAddress = console.Address };

        await Eventually.True(async () => (await http.GetStringAsync("topics", Cancelled)).Contains("Kafka does not answer", StringComparison.Ordinal), "the page says that Kafka is away", cancellationToken: Cancelled);
        Assert.Contains(nowhere, await http.GetStringAsync("topics", Cancelled), StringComparison.Ordinal);
        Assert.Contains("system=\"kafka\"} 0", await http.GetStringAsync("metrics", Cancelled), StringComparison.Ordinal);
    }

    private HttpClient Client() => new() { BaseAddress = platform.Console.Address };
}
