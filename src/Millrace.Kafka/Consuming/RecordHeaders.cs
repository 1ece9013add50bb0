using System.Text;
using Confluent.Kafka;
using Millrace.Kafka.Native;

namespace Millrace.Kafka.Consuming;

/// <summary>The headers of a <see cref="KafkaRecord"/>, in their order; a name may occur more than once.</summary>
public readonly ref struct RecordHeaders
{
    private readonly nint _headers;

    internal RecordHeaders(nint headers) => _headers = headers;

    /// <summary>The number of headers.</summary>
    public int Count => MessagePointer.HeaderCount(_headers);

    /// <summary>The header at an index.</summary>
    /// <param name="index">From 0.</param>
    public RecordHeader this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            MessagePointer.Header(_headers, index, out var name, out var value, out var isNull);
            return new RecordHeader(name, value, isNull);
        }
    }

    /// <summary>Finds the last header of a name, as Kafka's own clients do.</summary>
    /// <param name="name">The name in UTF-8: <c>"traceparent"u8</c>.</param>
    /// <param name="value">The value; empty when null or not found.</param>
    /// <returns>True when there is one.</returns>
    public bool TryGet(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        for (var i = Count - 1; i >= 0; i--)
        {
            MessagePointer.Header(_headers, i, out var candidate, out value, out _);
            if (candidate.SequenceEqual(name))
                return true;
        }

        value = default;
        return false;
    }

    /// <summary>Copies all headers, to send them on with Confluent.Kafka's producer.</summary>
    public Headers ToConfluent()
    {
        var copy = new Headers();
        for (var i = 0; i < Count; i++)
        {
            var header = this[i];
            copy.Add(Encoding.UTF8.GetString(header.Name), header.IsValueNull ? null : header.Value.ToArray());
        }

        return copy;
    }
}

/// <summary>One header, a view of native memory.</summary>
public readonly ref struct RecordHeader
{
    internal RecordHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool isValueNull)
    {
        Name = name;
        Value = value;
        IsValueNull = isValueNull;
    }

    /// <summary>The name, in UTF-8.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>The value; empty when null.</summary>
    public ReadOnlySpan<byte> Value { get; }

    /// <summary>True when the value is null.</summary>
    public bool IsValueNull { get; }
}
