namespace Millrace.Streams.Kafka;

/// <summary>What a sink promises.</summary>
public enum DeliveryGuarantee
{
    /// <summary>Each result is in the topic at least once; after a failure some may be there twice.</summary>
    AtLeastOnce,

    /// <summary>
    /// Each result is seen exactly once by consumers with <c>isolation.level=read_committed</c>. Results become visible when a checkpoint is committed.
    /// Needs checkpoints and a checkpoint folder.
    /// </summary>
    ExactlyOnce,
}
