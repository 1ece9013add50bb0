using Millrace.Console.Backends.Kafka;
using Millrace.Console.Backends.Streams;

namespace Millrace.Console.Pipeline;

/// <summary>
/// Finds the topics of a job. Flink's REST has no field for them; they stand in the names of its first and last operators ("Source: cdc.transactions",
/// "fraud.alerts.detected.v1: Writer"), and the group that a job reads through carries its name.
/// </summary>
internal static class JobTopics
{
    public static (IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs) Of(Job job, KafkaSnapshot kafka)
    {
        var inputs = new SortedSet<string>(StringComparer.Ordinal);
        var outputs = new SortedSet<string>(StringComparer.Ordinal);
        var feeding = job.Vertices.SelectMany(static vertex => vertex.Inputs).Select(static input => input.FromId).ToHashSet(StringComparer.Ordinal);
        foreach (var vertex in job.Vertices)
        {
            // A chained vertex names several operators: "Source: a -> Map -> b: Writer -> b: Committer".
            string[] parts = vertex.Name.Split("->", StringSplitOptions.TrimEntries);
            for (var i = 0; i < parts.Length; i++)
            {
                var part = parts[i];
                var isSource = i == 0 && vertex.Inputs.Count == 0;
                var isSink = !isSource && ((i == parts.Length - 1 && !feeding.Contains(vertex.Id)) || part.EndsWith(": Writer", StringComparison.Ordinal));
                if (!isSource && !isSink) continue;
                foreach (var topic in kafka.Topics.Where(topic => !topic.IsInternal && Names(part, topic.Name))) (isSource ? inputs : outputs).Add(topic.Name);
            }
        }

        if (inputs.Count == 0 && GroupNamedAs(job, kafka) is { } group) inputs.UnionWith(group.Topics);
        inputs.ExceptWith(outputs);
        return ([.. inputs], [.. outputs]);
    }

    /// <summary>The group through which a job reads: named as the job, or the only reader of exactly its topics.</summary>
    public static GroupInfo? GroupOf(Job job, IReadOnlyList<string> inputs, KafkaSnapshot kafka)
    {
        if (GroupNamedAs(job, kafka) is { } named) return named;
        if (inputs.Count == 0) return null;
        var readers = kafka.Groups.Where(group => group.Offsets.Count > 0 && !group.Id.StartsWith("connect-", StringComparison.Ordinal) && group.Topics.ToHashSet(StringComparer.Ordinal).SetEquals(inputs)).ToArray();
        return readers.Length == 1 ? readers[0] : null;
    }

    private static GroupInfo? GroupNamedAs(Job job, KafkaSnapshot kafka)
    {
        var name = Plain(job.Name);
        return name.Length == 0 ? null
            : kafka.Groups.FirstOrDefault(group => group.Offsets.Count > 0 && Plain(group.Id) == name)
                ?? kafka.Groups.FirstOrDefault(group => group.Offsets.Count > 0 && Plain(group.Id).Contains(name, StringComparison.Ordinal))
                ?? kafka.Groups.Where(group => group.Offsets.Count > 0 && group.Id.Length >= 6 && name.Contains(Plain(group.Id), StringComparison.Ordinal)).MaxBy(static group => group.Id.Length);
    }

    private static string Plain(string name) => new([.. name.Where(char.IsAsciiLetterOrDigit).Select(char.ToLowerInvariant)]);

    // The whole name, not a part of a longer one.
    private static bool Names(string text, string topic)
    {
        for (var at = text.IndexOf(topic, StringComparison.Ordinal); at >= 0; at = text.IndexOf(topic, at + 1, StringComparison.Ordinal))
        {
            var end = at + topic.Length;
            if ((at == 0 || !IsNameChar(text[at - 1])) && (end == text.Length || !IsNameChar(text[end]))) return true;
        }

        return false;
    }

    private static bool IsNameChar(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';
}
