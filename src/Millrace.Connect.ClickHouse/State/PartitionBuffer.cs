using Confluent.Kafka;

namespace Millrace.Connect.ClickHouse;

/// <summary>A row on its way.</summary>
/// <param name="Record">The record that it was made from.</param>
/// <param name="Table">The table that it goes to.</param>
/// <param name="Json">The row as a JSON object with a line break.</param>
internal sealed record PendingRow(SinkRecord Record, TableShape Table, byte[] Json);

/// <summary>What one partition has that ClickHouse does not have yet for certain.</summary>
internal sealed class PartitionBuffer(TopicPartition partition)
{
    internal TopicPartition Partition => partition;

    /// <summary>Rows that wait to be sealed into a batch.</summary>
    internal List<PendingRow> Rows { get; set; } = [];

    /// <summary>The offset of the first record that is not yet written; null if all are.</summary>
    internal long? FirstOffset { get; set; }

    /// <summary>The last record's offset that was taken in.</summary>
    internal long LastOffset { get; set; } = -1;

    /// <summary>When the oldest waiting record came.</summary>
    internal long Since { get; set; }

    /// <summary>The batch that a crash may have left half done: records of this range make up one batch again. Null when that is settled.</summary>
    internal OffsetRange? Unsettled { get; set; }

    /// <summary>The batch whose intent is written: it must be inserted just so before anything else.</summary>
    internal OffsetRange? Sealed { get; set; }

    /// <summary>Rows of the sealed batch.</summary>
    internal List<PendingRow> SealedRows { get; set; } = [];

    /// <summary>True while the records of an unsettled batch are not all here.</summary>
    internal bool IsGathering => Unsettled is { } range && LastOffset < range.Last;

    internal bool HasWork => FirstOffset is not null || Sealed is not null;
}
