using System.Collections;
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.Protocol.Records;

/// <summary>One record of a batch.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct Record
{
    private readonly ReadOnlyMemory<byte> _headers;

    internal Record(in RecordBatchHeader batch, RawRecord raw, ReadOnlyMemory<byte> body)
    {
        Offset = batch.BaseOffset + raw.OffsetDelta;
        OffsetDelta = raw.OffsetDelta;
        Timestamp = batch.IsLogAppendTime ? batch.MaxTimestamp : batch.BaseTimestamp + raw.TimestampDelta;
        Key = NullableBytes.Of(body, raw.KeyOffset, raw.KeyLength);
        Value = NullableBytes.Of(body, raw.ValueOffset, raw.ValueLength);
        HeaderCount = raw.HeaderCount;
        _headers = body.Slice(raw.HeadersOffset, raw.HeadersLength);
    }

    private Record(Record other)
    {
        this = other;
        Key = NullableBytes.Copy(other.Key);
        Value = NullableBytes.Copy(other.Value);
        _headers = other._headers.ToArray();
    }

    /// <summary>Offset in the partition.</summary>
    public long Offset { get; }

    /// <summary>Offset counted from the batch's base offset.</summary>
    public int OffsetDelta { get; }

    /// <summary>Milliseconds since the epoch, or −1.</summary>
    public long Timestamp { get; }

    /// <summary>Key, or null.</summary>
    public ReadOnlyMemory<byte>? Key { get; }

    /// <summary>Value, or null (a tombstone in a compacted topic).</summary>
    public ReadOnlyMemory<byte>? Value { get; }

    /// <summary>Number of headers.</summary>
    public int HeaderCount { get; }

    /// <summary>The headers.</summary>
    public RecordHeaders Headers => new(_headers, HeaderCount);

    /// <summary>A copy that does not depend on the batch's buffer.</summary>
    public Record Copy() => new(this);
}

/// <summary>One header of a record.</summary>
/// <param name="Key">Name.</param>
/// <param name="Value">Value, or null.</param>
public readonly record struct RecordHeader(string Key, ReadOnlyMemory<byte>? Value);

/// <summary>The headers of a record, parsed while they are enumerated.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct RecordHeaders : IEnumerable<RecordHeader>
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly int _count;

    internal RecordHeaders(ReadOnlyMemory<byte> bytes, int count)
    {
        _bytes = bytes;
        _count = count;
    }

    /// <inheritdoc/>
    public IEnumerator<RecordHeader> GetEnumerator()
    {
        var at = 0;
        for (var i = 0; i < _count; i++)
        {
            RecordParser.TryReadBytes(_bytes.Span, ref at, out var keyOffset, out var keyLength);
            RecordParser.TryReadBytes(_bytes.Span, ref at, out var valueOffset, out var valueLength);
            yield return new RecordHeader(
                Encoding.UTF8.GetString(_bytes.Span.Slice(keyOffset, keyLength)), NullableBytes.Of(_bytes, valueOffset, valueLength));
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>
/// Memory that may be null. In <c>condition ? null : memory</c> and <c>memory?.ToArray()</c> the compiler turns null into an empty array's memory,
/// which is not null any more: a tombstone would become an empty value.
/// </summary>
internal static class NullableBytes
{
    public static ReadOnlyMemory<byte>? Of(ReadOnlyMemory<byte> body, int offset, int length)
        => length < 0 ? default(ReadOnlyMemory<byte>?) : body.Slice(offset, length);

    public static ReadOnlyMemory<byte>? Copy(ReadOnlyMemory<byte>? bytes) => bytes is { } some ? some.ToArray() : default(ReadOnlyMemory<byte>?);
}
