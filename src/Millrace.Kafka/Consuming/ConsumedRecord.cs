using System.Diagnostics;
using System.Text;

namespace Millrace.Kafka.Consuming;

/// <summary>A record as a handler gets it.</summary>
/// <typeparam name="TKey">The key's type.</typeparam>
/// <typeparam name="TValue">The value's type.</typeparam>
public sealed class ConsumedRecord<TKey, TValue>
{
    internal ConsumedRecord(string topic, int partition, long offset, DateTimeOffset timestamp, TKey? key, TValue? value, KeyValuePair<string, byte[]?>[] headers, ActivityContext trace)
    {
        Topic = topic;
        Partition = partition;
        Offset = offset;
        Timestamp = timestamp;
        Key = key;
        Value = value;
        Headers = headers;
        Trace = trace;
    }

    /// <summary>The topic.</summary>
    public string Topic { get; }

    /// <summary>The partition.</summary>
    public int Partition { get; }

    /// <summary>The offset.</summary>
    public long Offset { get; }

    /// <summary>The timestamp.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>The key; default when the record has none.</summary>
    public TKey? Key { get; }

    /// <summary>The value; default for a tombstone, see <see cref="IsTombstone"/>.</summary>
    public TValue? Value { get; }

    /// <summary>True when the value is Kafka's null.</summary>
    public bool IsTombstone { get; internal init; }

    /// <summary>The headers, in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, byte[]?>> Headers { get; }

    /// <summary>The event's id from the header <c>event-id</c>, else topic, partition and offset: the same at each delivery.</summary>
    public string EventId => Header(Telemetry.EventIdHeader.Name) ?? $"{Topic}-{Partition}-{Offset}";

    /// <summary>1 for the first attempt.</summary>
    public int Attempt { get; internal set; }

    internal ActivityContext Trace { get; }

    /// <summary>The last header of a name as text, or null.</summary>
    /// <param name="name">The name.</param>
    public string? Header(string name)
    {
        for (var i = Headers.Count - 1; i >= 0; i--)
        {
            if (Headers[i].Key == name)
                return Headers[i].Value is { } value ? Encoding.UTF8.GetString(value) : null;
        }

        return null;
    }
}
