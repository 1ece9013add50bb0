using System.Globalization;
using System.Text;
using Millrace.Console.Alerts;
using Millrace.Console.Rules;
using Millrace.Console.Sampling;

namespace Millrace.Console.Hosting;

/// <summary>What the console sees, in Prometheus' text format 0.0.4.</summary>
internal static class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(LiveState state, AlertFeed alerts)
    {
        var text = new StringBuilder();
        Family(text, "millrace_console_source_up", "gauge", "Whether the system answered the last time it was asked.");
        Up("kafka", true, state.Kafka.Problem is null && state.Kafka.Value is not null);
        Up("connect", state.Connectors.Configured, state.Connectors.Problem is null && state.Connectors.Value is not null);
        Up("streams", state.Jobs.Configured, state.Jobs.Problem is null && state.Jobs.Value is not null);
        Up("clickhouse", state.Tables.Configured, state.Tables.Problem is null && state.Tables.Value is not null);

        Family(text, "millrace_console_findings", "gauge", "How many things are wrong, by severity.");
        foreach (var severity in Enum.GetValues<Severity>())
            Line(text, "millrace_console_findings", state.Findings.Count(finding => finding.Severity == severity), ("severity", severity.ToString().ToLowerInvariant()));

        Family(text, "millrace_console_alerts_total", "counter", "Alerts seen in the topics of alerts.");
        Line(text, "millrace_console_alerts_total", alerts.Total);

        var kafka = state.Kafka.Value;
        Family(text, "millrace_kafka_topic_end_offset", "gauge", "Next offset, by partition.");
        foreach (var (topic, partition) in (kafka?.Topics ?? []).SelectMany(static topic => topic.Partitions.Select(partition => (topic, partition))))
            Line(text, "millrace_kafka_topic_end_offset", partition.End, ("topic", topic.Name), ("partition", partition.Id.ToString(CultureInfo.InvariantCulture)));

        Family(text, "millrace_kafka_topic_bytes", "gauge", "Size of a topic on the disks of its partitions' leaders.");
        foreach (var topic in kafka?.Topics ?? [])
        {
            if (topic.Bytes is { } bytes) Line(text, "millrace_kafka_topic_bytes", bytes, ("topic", topic.Name));
        }

        Family(text, "millrace_kafka_topic_records_per_second", "gauge", "Records per second into a topic, without the marks of transactions.");
        foreach (var topic in kafka?.Topics ?? [])
        {
            if (state.Metrics.Latest(MetricNames.TopicRate(topic.Name)) is { } rate) Line(text, "millrace_kafka_topic_records_per_second", rate, ("topic", topic.Name));
        }

        Family(text, "millrace_kafka_group_lag_records", "gauge", "Records that a group has not read yet, by partition.");
        foreach (var (group, offset) in (kafka?.Groups ?? []).SelectMany(static group => group.Offsets.Select(offset => (group, offset))))
            Line(text, "millrace_kafka_group_lag_records", offset.Lag, ("group", group.Id), ("topic", offset.Topic), ("partition", offset.Partition.ToString(CultureInfo.InvariantCulture)));

        Family(text, "millrace_kafka_group_lag_seconds", "gauge", "Age of the oldest record that a group has not read yet.");
        foreach (var group in kafka?.Groups ?? [])
        {
            if (group.Offsets.Count > 0) Line(text, "millrace_kafka_group_lag_seconds", group.LagTime.Time.TotalSeconds, ("group", group.Id));
        }

        Family(text, "millrace_connect_task_running", "gauge", "Whether a connector's task runs.");
        foreach (var (connector, task) in (state.Connectors.Value ?? []).SelectMany(static connector => connector.Tasks.Select(task => (connector, task))))
            Line(text, "millrace_connect_task_running", task.State == "RUNNING" ? 1 : 0, ("connector", connector.Name), ("task", task.Id.ToString(CultureInfo.InvariantCulture)));

        Family(text, "millrace_job_checkpoints_failed", "gauge", "Checkpoints that failed, by job.");
        foreach (var job in (state.Jobs.Value ?? []).DistinctBy(static job => job.Name)) Line(text, "millrace_job_checkpoints_failed", job.Checkpoints.Failed, ("job", job.Name));
        return text.ToString();

        void Up(string system, bool configured, bool up)
        {
            if (configured) Line(text, "millrace_console_source_up", up ? 1 : 0, ("system", system));
        }
    }

    private static void Family(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Line(StringBuilder text, string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{');
            for (var i = 0; i < labels.Length; i++)
            {
                var escaped = labels[i].Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
                text.Append(i == 0 ? "" : ",").Append(labels[i].Name).Append("=\"").Append(escaped).Append('"');
            }

            text.Append('}');
        }

        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }
}
