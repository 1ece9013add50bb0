using System.Text.RegularExpressions;

namespace Millrace.Architecture.Tests;

public sealed partial class ConventionTests
{
    // Bands of event ids, so that an id in a log names the part it comes from.
    private static readonly (string Folder, int From, int To)[] _bands =
    [
        ("Millrace.Protocol", 1000, 1999), ("Millrace.Broker", 2000, 2999), ("Millrace.Kafka", 3000, 3499), ("Millrace.Schemas", 3500, 3999),
        ("Millrace.Connect", 4000, 4499), ("Millrace.Connect.Postgres", 4500, 4699), ("Millrace.Connect.ClickHouse", 4700, 4999),
        ("Millrace.Streams", 5000, 5499), ("Millrace.Streams.Kafka", 5500, 5999), ("Millrace.ClickHouse", 6000, 6499), ("Millrace.Engines", 6500, 6999),
        ("Millrace.Operations", 7000, 7499), ("Millrace.Console", 7500, 7999), ("Millrace.Cli", 8000, 8999),
    ];

    [Fact]
    public void Event_ids_of_log_messages_are_unique_and_within_their_project_s_band()
    {
        var seen = new Dictionary<int, string>();
        foreach (var file in Repository.Files("src", "*.cs"))
        {
            foreach (Match match in LoggerMessage().Matches(File.ReadAllText(Repository.Combine(file))))
            {
                var id = int.Parse(match.Groups["id"].Value);
                Assert.True(seen.TryAdd(id, file), $"event id {id} stands in {file} and in {seen.GetValueOrDefault(id)}");
                var band = _bands.Single(b => b.Folder == file.Split('/')[1]);
                Assert.True(id >= band.From && id <= band.To, $"{file}: event id {id} is outside {band.From}–{band.To}");
            }
        }
    }

    [Fact]
    public void No_file_grows_past_800_lines()
    {
        var long_ = new[] { "src", "samples" }.SelectMany(f => Repository.Files(f, "*.cs"))
            .Select(f => (File: f, Lines: File.ReadLines(Repository.Combine(f)).Count())).Where(f => f.Lines > 800);
        Assert.Empty(long_);
    }

    [Fact]
    public void Paths_and_links_in_documents_exist()
    {
        string[] documents = [.. Directory.EnumerateFiles(Repository.Root, "*.md").Select(Path.GetFileName)!, .. Repository.Files("docs", "*.md")];
        var missing = new List<string>();
        foreach (var document in documents)
        {
            var folder = Path.GetDirectoryName(Repository.Combine(document))!;
            var text = File.ReadAllText(Repository.Combine(document));
            foreach (Match link in Link().Matches(text))
            {
                var target = link.Groups["target"].Value.Split('#')[0];
                if (target.Length == 0 || target.Contains("://", StringComparison.Ordinal)) continue;
                if (!Path.Exists(Path.Combine(folder, target))) missing.Add($"{document}: {target}");
            }

            foreach (Match path in SourcePath().Matches(text))
            {
                var target = path.Groups["path"].Value.TrimEnd('/', '.');
                if (!Path.Exists(Repository.Combine(target))) missing.Add($"{document}: {target}");
            }
        }

        Assert.Empty(missing);
    }

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?:EventId\s*=\s*)?(?<id>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LoggerMessage();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"`(?<path>(src|tests|docs|eng|bench|samples)/[A-Za-z0-9_./-]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SourcePath();
}
