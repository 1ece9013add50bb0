namespace Millrace.Streams.Kafka;

/// <summary>Where to go on when the consumer group has no committed offset for a partition.</summary>
public enum OffsetResetStrategy
{
    /// <summary>At the first record that is still there.</summary>
    Earliest,

    /// <summary>At the records that come from now on.</summary>
    Latest,

    /// <summary>Fail: a person has to decide.</summary>
    None,
}

/// <summary>Where a source begins to read when the job starts without a checkpoint.</summary>
public sealed class OffsetsInitializer
{
    private OffsetsInitializer(OffsetsKind kind, OffsetResetStrategy reset = OffsetResetStrategy.Earliest, long timestamp = 0)
    {
        Kind = kind;
        Reset = reset;
        TimestampMillis = timestamp;
    }

    internal OffsetsKind Kind { get; }

    internal OffsetResetStrategy Reset { get; }

    internal long TimestampMillis { get; }

    /// <summary>At the first record.</summary>
    public static OffsetsInitializer Earliest() => new(OffsetsKind.Earliest);

    /// <summary>After the last record at the start of the job.</summary>
    public static OffsetsInitializer Latest() => new(OffsetsKind.Latest);

    /// <summary>Where the consumer group has got to.</summary>
    /// <param name="reset">What to do for a partition without a committed offset.</param>
    public static OffsetsInitializer CommittedOffsets(OffsetResetStrategy reset = OffsetResetStrategy.Earliest) => new(OffsetsKind.Committed, reset);

    /// <summary>At the first record whose timestamp is not before a point in time.</summary>
    public static OffsetsInitializer Timestamp(DateTimeOffset timestamp) => new(OffsetsKind.Timestamp, timestamp: timestamp.ToUnixTimeMilliseconds());
}

internal enum OffsetsKind
{
    Earliest,
    Latest,
    Committed,
    Timestamp,
}
