namespace Millrace.Console.Sampling;

/// <summary>Names of the metrics in the ring buffers.</summary>
internal static class MetricNames
{
    public static string TopicEnd(string topic) => $"topic.end/{topic}";

    /// <summary>Records per second, without the marks of transactions.</summary>
    public static string TopicRate(string topic) => $"topic.rate/{topic}";

    public static string GroupLag(string group) => $"group.lag/{group}";

    public static string GroupLagSeconds(string group) => $"group.lag.seconds/{group}";

    public static string PartitionLag(string group, string topic, int partition) => $"group.partition.lag/{group}/{topic}/{partition}";

    public static string VertexRead(string job, string vertex) => $"vertex.read/{job}/{vertex}";

    public static string VertexReadRate(string job, string vertex) => $"vertex.read.rate/{job}/{vertex}";

    public static string VertexWrite(string job, string vertex) => $"vertex.write/{job}/{vertex}";

    public static string VertexWriteRate(string job, string vertex) => $"vertex.write.rate/{job}/{vertex}";

    public static string VertexPressure(string job, string vertex) => $"vertex.pressure/{job}/{vertex}";

    public static string JobWatermarkDelay(string job) => $"job.watermark.delay/{job}";

    public static string TableRows(string table) => $"table.rows/{table}";

    public static string TableRate(string table) => $"table.rate/{table}";
}
