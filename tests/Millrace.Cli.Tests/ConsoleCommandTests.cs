using Millrace.Cli.Tests.Support;
using Millrace.TestKit;

namespace Millrace.Cli.Tests;

/// <summary>What only the console's command has: addresses that may be empty, which means that there is no such system.</summary>
public sealed class ConsoleCommandTests : IDisposable
{
    private readonly TempDirectory _directory = new("cli-console");

    [Theory]
    [InlineData("--connect-url= --streams-url= --clickhouse-url=")]
    [InlineData("--config {file}")]
    public async Task An_empty_address_means_none_and_its_page_says_so(string options)
    {
        var file = _directory.Combine("console.json");
        await File.WriteAllTextAsync(file, """{ "connectUrl": "", "streamsUrl": "", "clickHouseUrl": "" }""", TestContext.Current.CancellationToken);
        await using var server = await MillraceProgram.StartAsync(["console", "--listen", "127.0.0.1:0", "--bootstrap", $"127.0.0.1:{FreePort.Next()}", .. options.Replace("{file}", file, StringComparison.Ordinal).Split(' ')], workingDirectory: _directory);
        using var http = new HttpClient();

        foreach (var page in (string[])["connectors", "jobs", "analytics"])
            Assert.Contains("No address is set", await http.GetStringAsync(new Uri($"{server.Address}/{page}"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}
