using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Millrace.Cli.Tests.Support;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Cli.Tests;

/// <summary>The contract of each server command: one ready line, logs elsewhere, a clean end.</summary>
public sealed class ServerTests(EmbeddedBroker kafka) : IClassFixture<EmbeddedBroker>, IDisposable
{
    private readonly TempDirectory _directory = new("cli");

    [Theory]
    [InlineData("broker", "--listen 127.0.0.1:0 --data {dir}/broker", "")]
    [InlineData("clickhouse", "--listen 127.0.0.1:0 --data {dir}/clickhouse", "/ping")]
    [InlineData("connect", "--listen 127.0.0.1:0 --bootstrap {kafka}", "/connectors")]
    [InlineData("streams", "account-activity --listen 127.0.0.1:0 --bootstrap {kafka} --checkpoints {dir}/checkpoints", "/jobs/overview")]
    [InlineData("broker", "--listen [::1]:0 --data {dir}/six", "")]
    [InlineData("console", "--listen localhost:0 --bootstrap {kafka} --connect-url= --streams-url= --clickhouse-url=", "/")]
    public async Task Says_ready_once_and_ends_cleanly(string command, string options, string path)
    {
        await using var server = await MillraceProgram.StartAsync([command, .. Fill(options)], workingDirectory: _directory);
        if (path.Length == 0)
        {
            (await MillraceProgram.RunAsync("topics", "list", "--bootstrap", server.Address)).Succeeded();
        }
        else
        {
            using var http = new HttpClient();
            for (var i = 0; i < 20; i++)
            {
                using var answer = await http.GetAsync(new Uri(server.Address + path), TestContext.Current.CancellationToken);
                Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
            }
        }

        Assert.Equal(0, await server.Process.TerminateAsync());
        Assert.Equal([$"ready {command} {server.Address}"], server.Process.StandardOutput);
        // Requests are no news at the usual level.
        Assert.DoesNotContain(server.Process.StandardError, static l => l.Contains("Microsoft.AspNetCore", StringComparison.Ordinal));
        Assert.InRange(server.Process.StandardError.Count, 0, 25);
    }

    [Theory]
    [InlineData("broker", "--data {dir}/jb")]
    [InlineData("clickhouse", "--data {dir}/jc")]
    [InlineData("connect", "--bootstrap {kafka}")]
    [InlineData("streams", "account-activity --bootstrap {kafka} --checkpoints {dir}/js")]
    [InlineData("console", "--bootstrap {kafka} --connect-url= --streams-url= --clickhouse-url=")]
    public async Task The_ready_line_is_an_object_where_json_is_asked_for(string command, string options)
    {
        await using var process = await ChildProcess.StartAsync(MillraceProgram.File, [command, "--listen", "127.0.0.1:0", "--json", .. Fill(options)], new Dictionary<string, string?> { ["MILLRACE_LOG_LEVEL"] = "none" }, _directory);
        var line = await process.WaitForLineAsync("{", TimeSpan.FromMinutes(1));
        using var ready = JsonDocument.Parse(line);
        Assert.Equal(command, ready.RootElement.GetProperty("ready").GetString());
        Assert.Contains("127.0.0.1:", ready.RootElement.GetProperty("address").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, await process.TerminateAsync());
        Assert.Equal([line], process.Output);
    }

    [Theory]
    [InlineData("connect", "")]
    [InlineData("streams", "account-activity --checkpoints {dir}/t")]
    [InlineData("topics", "list")]
    [InlineData("consume", "t")]
    public async Task Sigterm_while_a_broker_does_not_answer_is_a_clean_end(string command, string options)
    {
        // Takes connections, and says nothing.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var process = await ChildProcess.StartAsync(
            MillraceProgram.File, [command, .. Fill(options), .. command is "connect" or "streams" ? (string[])["--listen", "127.0.0.1:0"] : [], "--bootstrap", $"{silent.LocalEndpoint}"], workingDirectory: _directory);
        using var reached = await silent.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        using var client = await silent.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var code = await process.TerminateAsync(TimeSpan.FromSeconds(20));
        Assert.True(code == 0, $"{code}\n{process.OutputText}");
        Assert.DoesNotContain(process.Output, static l => l.StartsWith("   at ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("clickhouse", "--data {dir}/tc")]
    [InlineData("demo", "--any-ports")]
    public async Task Sigterm_while_an_engine_starts_is_a_clean_end(string command, string options)
    {
        await using var process = await ChildProcess.StartAsync(MillraceProgram.File, [command, .. Fill(options)], new Dictionary<string, string?> { ["MILLRACE_LISTEN"] = "127.0.0.1:0" }, _directory);
        await Eventually.True(() => Children(process.Id).Count > 0, "the engine's process");
        var children = Children(process.Id);
        var code = await process.TerminateAsync(TimeSpan.FromSeconds(30));
        Assert.True(code == 0, $"{code}\n{process.OutputText}");
        Assert.DoesNotContain(process.Output, static l => l.StartsWith("ready ", StringComparison.Ordinal) || l.Contains("   at ", StringComparison.Ordinal));
        await Eventually.True(() => !children.Exists(static c => Directory.Exists($"/proc/{c}")), "its engine ended too");
    }

    [Fact]
    public async Task The_command_line_wins_over_variables_and_both_over_a_file()
    {
        var file = _directory.Combine("server.properties");
        await File.WriteAllTextAsync(file, $"listeners=PLAINTEXT://127.0.0.1:{FreePort.Next()}\nlog.dirs={_directory.Combine("file")}\n", TestContext.Current.CancellationToken);
        var (general, special, line) = (FreePort.Next(), FreePort.Next(), FreePort.Next());
        var variables = new Dictionary<string, string?> { ["MILLRACE_BROKER_CONFIG"] = file, ["MILLRACE_LISTEN"] = $"127.0.0.1:{general}", ["MILLRACE_LOG_LEVEL"] = "none" };
        await using (var server = await MillraceProgram.StartAsync(["broker"], variables, _directory))
        {
            Assert.Equal($"127.0.0.1:{general}", server.Address);
            Assert.True(Directory.Exists(_directory.Combine("file")));
            Assert.Equal(0, await server.Process.TerminateAsync());
            Assert.Empty(server.Process.StandardError);
        }

        variables["MILLRACE_BROKER_LISTEN"] = $"127.0.0.1:{special}";
        variables["MILLRACE_BROKER_DATA"] = _directory.Combine("variable");
        await using (var server = await MillraceProgram.StartAsync(["broker"], variables, _directory))
        {
            Assert.Equal($"127.0.0.1:{special}", server.Address);
            Assert.True(Directory.Exists(_directory.Combine("variable")));
        }

        await using (var server = await MillraceProgram.StartAsync(["broker", "--listen", $"127.0.0.1:{line}", "--data", _directory.Combine("line")], variables, _directory))
        {
            Assert.Equal($"127.0.0.1:{line}", server.Address);
            Assert.True(Directory.Exists(_directory.Combine("line")));
        }
    }

    [Fact]
    public async Task A_variable_that_is_not_understood_is_named()
    {
        var error = (await MillraceProgram.RunAsync(["broker"], new Dictionary<string, string?> { ["MILLRACE_LISTEN"] = "nonsense" })).Misunderstanding();
        Assert.Contains("MILLRACE_LISTEN", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("broker", "--data {dir}/b")]
    [InlineData("clickhouse", "--data {dir}/c")]
    [InlineData("connect", "--bootstrap {kafka}")]
    [InlineData("streams", "account-activity --bootstrap {kafka} --checkpoints {dir}/s")]
    [InlineData("console", "--bootstrap {kafka} --connect-url= --streams-url= --clickhouse-url=")]
    public async Task A_port_in_use_is_explained(string command, string options)
    {
        var error = (await MillraceProgram.RunAsync([command, "--listen", kafka.Bootstrap, .. Fill(options)], null, _directory)).Refusal();
        Assert.Contains("in use", error, StringComparison.Ordinal);
        Assert.Contains(kafka.Bootstrap, error, StringComparison.Ordinal);
        Assert.Contains("listen", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("broker")]
    [InlineData("clickhouse")]
    public async Task A_data_directory_in_use_is_explained(string command)
    {
        var data = _directory.Combine(command);
        await using var first = await MillraceProgram.StartAsync([command, "--listen", "127.0.0.1:0", "--data", data]);
        var error = (await MillraceProgram.RunAsync(command, "--listen", "127.0.0.1:0", "--data", data)).Refusal();
        Assert.Contains(data, error, StringComparison.Ordinal);
        Assert.Contains("in use", error, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static List<int> Children(int pid)
    {
        try
        {
            return [.. Directory.EnumerateDirectories($"/proc/{pid}/task").SelectMany(static task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(int.Parse)];
        }
        catch (IOException)
        {
            // A thread ended while it was looked at.
            return [];
        }
    }

    private string[] Fill(string options) => options.Replace("{dir}", _directory.Path, StringComparison.Ordinal).Replace("{kafka}", kafka.Bootstrap, StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
