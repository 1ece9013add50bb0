using Confluent.Kafka;
using Millrace.Kafka.Native;

namespace Millrace.Kafka.Consuming;

/// <summary>One record of a <see cref="RecordBatch"/>: a view of native memory, valid until the batch is disposed.</summary>
public readonly ref struct KafkaRecord
{
    private readonly MessagePointer _message;

    internal KafkaRecord(string topic, MessagePointer message)
    {
        Topic = topic;
        _message = message;
    }

    /// <summary>The topic.</summary>
    public string Topic { get; }

    /// <summary>The partition.</summary>
    public int Partition => _message.Partition;

    /// <summary>The offset.</summary>
    public long Offset => _message.Offset;

    /// <summary>The partition leader's epoch when the record was written, or -1.</summary>
    public int LeaderEpoch => _message.LeaderEpoch;

    /// <summary>The timestamp, in milliseconds since 1970-01-01 UTC, or -1.</summary>
    public long Timestamp => _message.Timestamp(out _);

    /// <summary>Whether the timestamp is the producer's or the broker's.</summary>
    public TimestampType TimestampType
    {
        get
        {
            _message.Timestamp(out var type);
            return type;
        }
    }

    /// <summary>True when the record has no key. An empty key is not null.</summary>
    public bool IsKeyNull => _message.IsKeyNull;

    /// <summary>True when the record has no value: a tombstone in a compacted topic. An empty value is not null.</summary>
    public bool IsValueNull => _message.IsValueNull;

    /// <summary>The key; empty when null.</summary>
    public ReadOnlySpan<byte> Key => _message.Key;

    /// <summary>The value; empty when null.</summary>
    public ReadOnlySpan<byte> Value => _message.Value;

    /// <summary>The headers, parsed at the first access.</summary>
    public RecordHeaders Headers => new(_message.Headers());

    /// <summary>The partition as Confluent.Kafka writes it (allocates).</summary>
    public TopicPartition TopicPartition => new(Topic, Partition);

    /// <summary>The offset to commit once this record and all before it are done: that of the next one.</summary>
    public PartitionOffset Next => new(Topic, Partition, Offset + 1) { LeaderEpoch = LeaderEpoch };
}
