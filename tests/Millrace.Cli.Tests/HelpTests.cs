using Millrace.Cli.Tests.Support;

namespace Millrace.Cli.Tests;

/// <summary>Every command explains itself.</summary>
public sealed class HelpTests
{
    [Fact]
    public async Task Every_command_ends_its_help_with_an_example_and_knows_json_and_a_variable_for_each_option()
    {
        foreach (var command in await CommandsAsync([]))
        {
            var name = string.Join(' ', command);
            var help = (await HelpAsync(command)).Split('\n');
            var heading = Array.FindIndex(help, static l => l is "Example:" or "Examples:");
            Assert.True(heading > 0, name);
            Assert.All(help[(heading + 1)..], static l => Assert.StartsWith("  ", l, StringComparison.Ordinal));
            Assert.Contains(help[(heading + 1)..], l => l.Contains($"millrace {name}", StringComparison.Ordinal));
            if (Array.Exists(help, static l => l == "Commands:")) continue;
            var options = Array.FindAll(help, static l => l.StartsWith("  --", StringComparison.Ordinal));
            Assert.Contains(options, static o => o.StartsWith("  --json", StringComparison.Ordinal));
            foreach (var option in options) await VariableIsTakenAsync(command, option);
        }
    }

    // A value that the option takes shows as its default in the help then; one that it does not take is refused by the variable's name.
    private static async Task VariableIsTakenAsync(string[] command, string option)
    {
        var flag = option.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        var plain = flag.TrimStart('-').Replace('-', '_').ToUpperInvariant();
        // What means something else in each command has the variable of its command only.
        var variable = plain is "DATA" or "CONFIG" ? $"MILLRACE_{command[^1].ToUpperInvariant()}_{plain}" : $"MILLRACE_{plain}";
        Assert.Contains($"[env: {variable}]", option, StringComparison.Ordinal);
        var help = await MillraceProgram.RunAsync([.. command, "--help"], new Dictionary<string, string?> { [variable] = "marker:7" });
        var line = Array.Find(help.Output.Split('\n'), l => l.StartsWith($"  {flag} ", StringComparison.Ordinal)) ?? "";
        Assert.DoesNotContain("read by nothing", help.Error, StringComparison.Ordinal);
        var isShown = line.Contains("[default: marker:7]", StringComparison.Ordinal);
        var isRefused = $"{help.Output}\n{help.Error}".Contains($"{variable}: 'marker:7' is not understood", StringComparison.Ordinal);
        if (isShown || isRefused) return;
        // Required arguments are missing: what matters here is that the variable is named too.
        var run = await MillraceProgram.RunAsync([.. command, .. command[^1] is "config" ? [] : Arguments(help.Output)], new Dictionary<string, string?> { [variable] = "marker:7", ["MILLRACE_BOOTSTRAP"] = variable == "MILLRACE_BOOTSTRAP" ? "marker:7" : "127.0.0.1:1" });
        Assert.True(run.ExitCode != 0 && (run.Error.Contains("marker:7", StringComparison.Ordinal) || run.Error.Contains(variable, StringComparison.Ordinal)), $"{string.Join(' ', command)} {flag}: {line}\n{run.Error}");
    }

    private static string[] Arguments(string help) =>
        [.. help.Split('\n').SkipWhile(static l => l != "Arguments:").Skip(1).TakeWhile(static l => l.StartsWith("  <", StringComparison.Ordinal)).Select(static _ => "a.b.c.v1")];

    private static async Task<List<string[]>> CommandsAsync(string[] parent)
    {
        var help = await HelpAsync(parent);
        var found = new List<string[]>();
        foreach (var line in help.Split('\n').SkipWhile(static l => l != "Commands:").Skip(1).TakeWhile(static l => l.StartsWith("  ", StringComparison.Ordinal)))
        {
            string[] command = [.. parent, line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]];
            found.Add(command);
            found.AddRange(await CommandsAsync(command));
        }

        return found;
    }

    private static async Task<string> HelpAsync(string[] command) => (await MillraceProgram.RunAsync([.. command, "--help"])).Succeeded().Output.TrimEnd();

    [Fact]
    public async Task The_whole_program_lists_its_commands()
    {
        var help = (await MillraceProgram.RunAsync("--help")).Succeeded();
        Assert.All((string[])["demo", "broker", "connect", "streams", "clickhouse", "console", "topics", "produce", "consume", "groups", "config"], c => Assert.Contains($"  {c} ", help.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("broker --lisen 127.0.0.1:0", "--lisen", "broker --help")]
    [InlineData("broker --listen nowhere", "HOST:PORT", "broker --help")]
    [InlineData("broker --listen 127.0.0.1:65536", "HOST:PORT", "broker --help")]
    [InlineData("clickhouse --max-memory -5", "--max-memory", "at least 100000000")]
    [InlineData("streams --parallelism 0", "--parallelism", "from 1 to 1024")]
    [InlineData("streams --checkpoint-interval 0s", "--checkpoint-interval", "from 10ms to 1d")]
    [InlineData("streams --set novalue", "--set", "KEY=VALUE")]
    [InlineData("topics create a.b.c.v1 --partitions -1", "--partitions", "from 1 to 100000")]
    [InlineData("topics create a.b.c.v1 --replication-factor 99999", "--replication-factor", "from 1 to 32767")]
    [InlineData("consume a --count -1", "--count", "at least 0")]
    [InlineData("groups reset g t --to yesterday", "--to", "earliest, latest")]
    [InlineData("produce t --compression brotli", "--compression", "brotli")]
    [InlineData("demo --duration 5", "--duration", "60s")]
    [InlineData("demo --duration 0s", "--duration", "from 1s")]
    [InlineData("demo --rate 0", "--rate", "100000")]
    [InlineData("demo --rate NaN", "--rate", "100000")]
    [InlineData("demo --fraud-rate -1", "--fraud-rate", "from 0 to 1000")]
    [InlineData("demo --settle 0s", "--settle", "from 1s")]
    [InlineData("demo --clickhouse somewhere", "--clickhouse", "http://127.0.0.1:8123")]
    [InlineData("clickhouse --jsn", "--jsn", "clickhouse --help")]
    [InlineData("connect --listen", "--listen", "connect --help")]
    [InlineData("streams --jason", "--jason", "streams --help")]
    [InlineData("console --colour blue", "--colour", "console --help")]
    [InlineData("borker", "borker", "millrace --help")]
    [InlineData("topics lst", "lst", "topics --help")]
    [InlineData("demo --seed -1", "--seed", "-1")]
    [InlineData("topics describe", "TOPIC", "topics describe --help")]
    [InlineData("broker --log-level loud", "--log-level", "loud")]
    public async Task Absurd_arguments_are_refused(string command, string named, string advice)
    {
        var error = (await MillraceProgram.RunAsync(command.Split(' '))).Misunderstanding();
        Assert.Contains(named, error, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(advice, error, StringComparison.Ordinal);
    }
}
