using Millrace.Cli.Tests.Support;

namespace Millrace.Cli.Tests;

/// <summary>Every command explains itself.</summary>
public sealed class HelpTests
{
    [Theory]
    [InlineData("demo")]
    [InlineData("broker")]
    [InlineData("connect")]
    [InlineData("streams")]
    [InlineData("clickhouse")]
    [InlineData("console")]
    [InlineData("produce")]
    [InlineData("consume")]
    [InlineData("topics")]
    [InlineData("topics list")]
    [InlineData("topics describe")]
    [InlineData("topics create")]
    [InlineData("topics delete")]
    [InlineData("groups")]
    [InlineData("groups list")]
    [InlineData("groups describe")]
    [InlineData("groups reset")]
    [InlineData("groups delete")]
    [InlineData("config")]
    [InlineData("config check")]
    public async Task Help_ends_with_an_example(string command)
    {
        var help = (await MillraceProgram.RunAsync([.. command.Split(' '), "--help"])).Succeeded();
        var lines = help.Output.TrimEnd().Split('\n');
        var heading = Array.FindIndex(lines, static l => l is "Example:" or "Examples:");
        Assert.True(heading > 0, help.Output);
        Assert.All(lines[(heading + 1)..], static l => Assert.StartsWith("  ", l, StringComparison.Ordinal));
        Assert.Contains(lines[(heading + 1)..], l => l.Contains($"millrace {command}", StringComparison.Ordinal));
    }

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
    [InlineData("demo --seed -1", "--seed", "-1")]
    [InlineData("topics describe", "TOPIC", "topics describe --help")]
    [InlineData("broker --log-level loud", "--log-level", "loud")]
    public async Task Absurd_arguments_are_refused(string command, string named, string advice)
    {
        var error = (await MillraceProgram.RunAsync(command.Split(' '))).Refusal();
        Assert.Contains(named, error, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(advice, error, StringComparison.Ordinal);
    }
}
