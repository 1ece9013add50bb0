using System.Text.RegularExpressions;
using Millrace.Connect.Configuration;

namespace Millrace.Cli.ConfigCheck;

/// <summary>Reads MirrorMaker 2's file: clusters, and for each pair what is mirrored.</summary>
internal static partial class MirrorChecker
{
    private const string Arrow = "->";

    private static readonly Dictionary<string, string> _flow = new(StringComparer.Ordinal)
    {
        ["enabled"] = "mirrors in this direction: {0}",
        ["topics"] = "mirrors the topics that match: {0}",
        ["topics.exclude"] = "leaves out the topics that match: {0}",
        ["groups"] = "translates the offsets of the groups that match: {0}",
        ["groups.exclude"] = "leaves out the groups that match: {0}",
        ["sync.group.offsets.enabled"] = "writes translated offsets into the target's groups: {0}",
        ["emit.checkpoints.enabled"] = "emits checkpoints: {0}",
        ["emit.heartbeats.enabled"] = "emits heartbeats: {0}",
        ["sync.topic.configs.enabled"] = "copies topic configuration: {0}",
        ["sync.topic.acls.enabled"] = "copies ACLs: {0}",
        ["replication.factor"] = "replication factor of mirrored topics: {0}",
        ["offset.lag.max"] = "most records between two offset syncs: {0}",
        ["refresh.topics.interval.seconds"] = "looks for new topics every {0} s",
        ["refresh.groups.interval.seconds"] = "looks for new groups every {0} s",
        ["emit.checkpoints.interval.seconds"] = "checkpoints every {0} s",
        ["emit.heartbeats.interval.seconds"] = "heartbeats every {0} s",
        ["tasks.max"] = "tasks: {0}",
    };

    public static CheckedFile Check(string path, string file, IReadOnlyList<PropertyLine> lines)
    {
        string[] clusters = [.. lines.First(static l => l.Key == "clusters").Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        var settings = new List<CheckedSetting>();
        var errors = new List<string>();
        foreach (var line in lines)
        {
            var (effect, error) = Effect(line, clusters, lines);
            if (error is null) settings.Add(new CheckedSetting(line.Line, line.Key, line.Value, effect));
            else errors.Add($"{file}:{line.Line}: {line.Key}: {error}");
        }

        foreach (var cluster in clusters.Where(c => !lines.Any(l => l.Key == $"{c}.bootstrap.servers"))) errors.Add($"{file}: {cluster}.bootstrap.servers: is missing: the cluster '{cluster}' has no address");
        return new CheckedFile(path, "mirror: MirrorMaker 2's file")
        {
            Settings = settings,
            Errors = errors,
            Notes = ["this release reads and checks the file; the mirror that runs it is not part of it yet"],
        };
    }

    private static (string Effect, string? Error) Effect(PropertyLine line, string[] clusters, IReadOnlyList<PropertyLine> all)
    {
        if (line.Key == "clusters") return ($"mirrors between {clusters.Length} clusters", clusters.Length < 2 ? "at least two clusters are needed" : null);
        if (line.Key == "replication.policy.class") return Policy(line.Value, all);
        if (line.Key == "replication.policy.separator") return ("separates the cluster's alias from the topic's name", null);
        if (Flow().Match(line.Key) is { Success: true } flow)
        {
            var (source, target, key) = (flow.Groups["source"].Value, flow.Groups["target"].Value, flow.Groups["key"].Value);
            if (Array.Find([source, target], c => !clusters.Contains(c)) is { } unknown) return ("", $"the cluster '{unknown}' is not in clusters = {string.Join(", ", clusters)}");
            if (source == target) return ("", "a cluster cannot be mirrored to itself");
            return Known(key, line.Value, $"{source} to {target}: ");
        }

        var dot = line.Key.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0 && clusters.Contains(line.Key[..dot])) return line.Key[(dot + 1)..] == "bootstrap.servers" ? ($"reaches {line.Key[..dot]} at {line.Value}", null) : ($"client setting for {line.Key[..dot]}", null);
        return Known(line.Key, line.Value, "all directions: ");
    }

    private static (string Effect, string? Error) Known(string key, string value, string prefix)
    {
        if (!_flow.TryGetValue(key, out var text)) return ("", $"'{key}' is no key of MirrorMaker 2 that is known here");
        if (key.EndsWith("enabled", StringComparison.Ordinal) && !bool.TryParse(value, out _)) return ("", $"'{value}' is neither true nor false");
        if ((key.EndsWith("seconds", StringComparison.Ordinal) || key is "replication.factor" or "tasks.max" or "offset.lag.max") && !long.TryParse(value, out _)) return ("", $"'{value}' is no whole number");
        return (prefix + string.Format(text, value), null);
    }

    private static (string Effect, string? Error) Policy(string className, IReadOnlyList<PropertyLine> all) => className.Split('.')[^1] switch
    {
        "IdentityReplicationPolicy" => ($"topics keep their names{(IsBothWays(all) ? "; since both directions are on, records carry their origin and are not sent back to it" : string.Empty)}", null),
        "DefaultReplicationPolicy" => ("mirrored topics are named alias.topic", null),
        _ => ("", $"'{className}' is not known: DefaultReplicationPolicy or IdentityReplicationPolicy"),
    };

    private static bool IsBothWays(IReadOnlyList<PropertyLine> all)
    {
        var on = all.Where(static l => l.Key.EndsWith(".enabled", StringComparison.Ordinal) && l.Key.Contains(Arrow, StringComparison.Ordinal) && l.Value == "true").Select(static l => Flow().Match(l.Key)).Where(static m => m.Success && m.Groups["key"].Value == "enabled").Select(static m => (m.Groups["source"].Value, m.Groups["target"].Value)).ToHashSet();
        return on.Any(f => on.Contains((f.Item2, f.Item1)));
    }

    [GeneratedRegex(@"^(?<source>[^.>]+)->(?<target>[^.>]+)\.(?<key>.+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Flow();
}
