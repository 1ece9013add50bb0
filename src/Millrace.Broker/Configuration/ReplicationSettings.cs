namespace Millrace.Broker.Configuration;

/// <summary>Settings of replication, clamped to the one node that there is.</summary>
internal static class ReplicationSettings
{
    private static readonly string[] Factors =
        ["default.replication.factor", "offsets.topic.replication.factor", "transaction.state.log.replication.factor", "min.insync.replicas", "transaction.state.log.min.isr"];

    public static string? Effect(PropertiesEntry entry, List<string> notices, Dictionary<string, string> topicDefaults)
    {
        if (!Factors.Contains(entry.Key)) return null;
        if (entry.Key == "min.insync.replicas") topicDefaults["min.insync.replicas"] = "1";
        if (entry.Value.Trim() == "1") return "1, as on every cluster of one node";
        notices.Add($"{entry.Key}={entry.Value} counts as 1: this broker is one node");
        return "counts as 1: this broker is one node";
    }
}
