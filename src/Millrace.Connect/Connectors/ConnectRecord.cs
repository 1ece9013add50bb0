using Confluent.Kafka;
using Millrace.Connect.Data;

namespace Millrace.Connect;

/// <summary>A header of a record.</summary>
/// <param name="Key">The header's name; names may repeat.</param>
/// <param name="Schema">The value's schema, or null without one.</param>
/// <param name="Value">The value.</param>
public sealed record ConnectHeader(string Key, ConnectSchema? Schema, object? Value);

/// <summary>A record on its way through a connector: what transforms see. Change one with a <c>with</c> expression.</summary>
public abstract record ConnectRecord
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The partition; null lets the key decide.</summary>
    public int? Partition { get; init; }

    /// <summary>The key's schema; null for a key without one.</summary>
    public ConnectSchema? KeySchema { get; init; }

    /// <summary>The key.</summary>
    public object? Key { get; init; }

    /// <summary>The value's schema; null for a value without one.</summary>
    public ConnectSchema? ValueSchema { get; init; }

    /// <summary>The value; null is a tombstone.</summary>
    public object? Value { get; init; }

    /// <summary>The record's timestamp in milliseconds since the epoch; null lets the producer choose.</summary>
    public long? Timestamp { get; init; }

    /// <summary>The headers in order.</summary>
    public IReadOnlyList<ConnectHeader> Headers { get; init; } = [];
}

/// <summary>A record that a source task has read, with the position to resume from after it.</summary>
public sealed record SourceRecord : ConnectRecord
{
    /// <summary>What the position belongs to, e.g. <c>{"server":"cdc"}</c>: the second part of the key in connect-offsets.</summary>
    public required IReadOnlyDictionary<string, object?> SourcePartition { get; init; }

    /// <summary>The position after this record.</summary>
    public required SourceOffset SourceOffset { get; init; }

    /// <summary>True for a record that only carries a position: nothing is produced but its <see cref="SourceOffset"/> is stored.</summary>
    public bool IsOffsetOnly { get; init; }

    /// <summary>A carrier of a position alone, for sources that move on without data.</summary>
    public static SourceRecord OffsetOnly(IReadOnlyDictionary<string, object?> partition, SourceOffset offset) =>
        new() { Topic = "", SourcePartition = partition, SourceOffset = offset, IsOffsetOnly = true };
}

/// <summary>A position in a source. Made into a map (JSON in connect-offsets) only when it is stored, which is once per transaction.</summary>
public abstract class SourceOffset
{
    /// <summary>The position's fields: strings, integers and booleans.</summary>
    public abstract IReadOnlyDictionary<string, object?> ToMap();

    /// <summary>A position that is a map already.</summary>
    public static SourceOffset Of(IReadOnlyDictionary<string, object?> map) => new MapOffset(map);

    private sealed class MapOffset(IReadOnlyDictionary<string, object?> map) : SourceOffset
    {
        public override IReadOnlyDictionary<string, object?> ToMap() => map;
    }
}

/// <summary>A record that was consumed for a sink.</summary>
public sealed record SinkRecord : ConnectRecord
{
    /// <summary>The topic before any transform: together with <see cref="OriginalPartition"/> and <see cref="Offset"/> the record's identity.</summary>
    public required string OriginalTopic { get; init; }

    /// <summary>The Kafka partition that the record came from.</summary>
    public required int OriginalPartition { get; init; }

    /// <summary>The Kafka offset.</summary>
    public required long Offset { get; init; }

    /// <summary>Who set <see cref="ConnectRecord.Timestamp"/>.</summary>
    public TimestampType TimestampType { get; init; }
}
