namespace Millrace.Broker.Sharing;

/// <summary>The broker's settings of share groups, with Kafka's defaults.</summary>
internal sealed record ShareOptions
{
    public int SessionTimeoutMs { get; init; } = 45_000;

    public int HeartbeatIntervalMs { get; init; } = 5_000;

    public int MaxSize { get; init; } = 200;

    public int MaxSessions { get; init; } = 2_000;

    public int StateTopicPartitions { get; init; } = 50;

    public int StateTopicSegmentBytes { get; init; } = 104_857_600;

    public int UpdatesPerSnapshot { get; init; } = 500;

    public int PruneIntervalMs { get; init; } = 300_000;

    public int ColdSnapshotIntervalMs { get; init; } = 300_000;

    public ShareSettings Partition { get; init; } = new();
}
