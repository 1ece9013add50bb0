using System.Buffers.Binary;
using System.Text;
using Millrace.Protocol.Records.Compression;

namespace Millrace.Protocol.Records;

/// <summary>What the header of a new batch says.</summary>
public sealed record RecordBatchOptions
{
    /// <summary>Offset of the first record.</summary>
    /// <value>0: the log assigns offsets.</value>
    public long BaseOffset { get; init; }

    /// <summary>Epoch of the leader.</summary>
    /// <value>−1: the log assigns it.</value>
    public int PartitionLeaderEpoch { get; init; } = -1;

    /// <summary>Codec.</summary>
    public CompressionType Compression { get; init; }

    /// <summary>Level of the codec, or null for the codec's default.</summary>
    public int? CompressionLevel { get; init; }

    /// <summary>Producer id, or −1.</summary>
    public long ProducerId { get; init; } = RecordBatchHeader.NoProducerId;

    /// <summary>Producer epoch, or −1.</summary>
    public short ProducerEpoch { get; init; } = RecordBatchHeader.NoProducerEpoch;

    /// <summary>Sequence of the first record, or −1.</summary>
    public int BaseSequence { get; init; } = RecordBatchHeader.NoSequence;

    /// <summary>Whether the batch belongs to a transaction.</summary>
    public bool IsTransactional { get; init; }

    /// <summary>Whether the batch holds control records.</summary>
    public bool IsControl { get; init; }

    /// <summary>If set, all records carry this time of appending.</summary>
    public long? LogAppendTime { get; init; }

    /// <summary>If set, the time from which compaction may drop the batch's tombstones (KIP-534).</summary>
    public long? DeleteHorizon { get; init; }
}

/// <summary>Writes one record batch of format version 2.</summary>
public sealed class RecordBatchBuilder
{
    private readonly RecordBatchOptions _options;
    private byte[] _body = new byte[256];
    private int _length;
    private int _count;
    private int _lastOffsetDelta = -1;
    private long _baseTimestamp;
    private long _maxTimestamp = -1;

    /// <summary>Starts a batch.</summary>
    /// <param name="options">Contents of the header; null for a plain batch.</param>
    public RecordBatchBuilder(RecordBatchOptions? options = null)
    {
        _options = options ?? new RecordBatchOptions();
        _baseTimestamp = _options.DeleteHorizon ?? -1;
    }

    /// <summary>Records so far.</summary>
    public int Count => _count;

    /// <summary>Size of the batch if it were not compressed.</summary>
    public int UncompressedSize => RecordBatchHeader.Size + _length;

    /// <summary>Adds a record after the last.</summary>
    /// <param name="timestamp">Milliseconds since the epoch.</param>
    /// <param name="key">Key, or null.</param>
    /// <param name="value">Value, or null.</param>
    /// <param name="headers">Headers, or null.</param>
    /// <returns>This builder.</returns>
    public RecordBatchBuilder Append(
        long timestamp, ReadOnlyMemory<byte>? key, ReadOnlyMemory<byte>? value, IEnumerable<RecordHeader>? headers = null)
        => AppendAt(_lastOffsetDelta + 1, timestamp, key, value, headers);

    /// <summary>Adds a record with a string key and value.</summary>
    public RecordBatchBuilder Append(long timestamp, string? key, string? value)
        => Append(timestamp, Bytes(key), Bytes(value));

    /// <summary>Adds a record at a given distance from the base offset: compaction leaves gaps.</summary>
    public RecordBatchBuilder AppendAt(
        int offsetDelta, long timestamp, ReadOnlyMemory<byte>? key, ReadOnlyMemory<byte>? value, IEnumerable<RecordHeader>? headers = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(offsetDelta, _lastOffsetDelta);
        if (_count == 0 && _options.DeleteHorizon is null)
            _baseTimestamp = timestamp;
        var pairs = headers?.Select(h => (Key: Encoding.UTF8.GetBytes(h.Key), h.Value)).ToList();
        var size = 1 + Varint.Size(timestamp - _baseTimestamp) + Varint.Size(offsetDelta) + SizeOf(key) + SizeOf(value) + Varint.Size(pairs?.Count ?? 0);
        foreach (var (name, content) in pairs ?? [])
            size += SizeOf(name) + SizeOf(content);
        Reserve(size + Varint.Size(size));

        Put(size);
        _body[_length++] = 0;
        Put(timestamp - _baseTimestamp);
        Put(offsetDelta);
        Put(key);
        Put(value);
        Put(pairs?.Count ?? 0);
        foreach (var (name, content) in pairs ?? [])
        {
            Put(name);
            Put(content);
        }

        _count++;
        _lastOffsetDelta = offsetDelta;
        _maxTimestamp = Math.Max(_maxTimestamp, timestamp);
        return this;
    }

    /// <summary>The finished batch.</summary>
    /// <param name="lastOffsetDelta">Overrides the distance of the last offset: compaction keeps a batch's end though its last records are gone.</param>
    public byte[] Build(int? lastOffsetDelta = null)
    {
        var body = _body.AsMemory(0, _length);
        var compressed = _options.Compression == CompressionType.None || _count == 0
            ? body
            : RecordCompression.Compress(_options.Compression, body, _options.CompressionLevel);
        var batch = new byte[RecordBatchHeader.Size + compressed.Length];
        compressed.CopyTo(batch.AsMemory(RecordBatchHeader.Size));
        var header = new RecordBatchHeader
        {
            BaseOffset = _options.BaseOffset,
            Length = batch.Length - RecordBatchHeader.LogOverhead,
            PartitionLeaderEpoch = _options.PartitionLeaderEpoch,
            Magic = RecordBatchHeader.CurrentMagic,
            Crc = 0,
            Attributes = Attributes(),
            LastOffsetDelta = lastOffsetDelta ?? Math.Max(_lastOffsetDelta, 0),
            BaseTimestamp = _baseTimestamp,
            MaxTimestamp = _options.LogAppendTime ?? _maxTimestamp,
            ProducerId = _options.ProducerId,
            ProducerEpoch = _options.ProducerEpoch,
            BaseSequence = _options.BaseSequence,
            Count = _count,
        };
        header.Write(batch);
        BinaryPrimitives.WriteUInt32BigEndian(
            batch.AsSpan(RecordBatchHeader.CrcOffset), Crc32C.Compute(batch.AsSpan(RecordBatchHeader.AttributesOffset)));
        return batch;
    }

    private static ReadOnlyMemory<byte>? Bytes(string? text) => text is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(text);

    private static int SizeOf(ReadOnlyMemory<byte>? bytes) => bytes is { } b ? Varint.Size(b.Length) + b.Length : Varint.Size(-1);

    private short Attributes()
    {
        var attributes = (int)(_count == 0 ? CompressionType.None : _options.Compression);
        if (_options.LogAppendTime is not null)
            attributes |= RecordBatchAttributes.LogAppendTime;
        if (_options.IsTransactional)
            attributes |= RecordBatchAttributes.Transactional;
        if (_options.IsControl)
            attributes |= RecordBatchAttributes.Control;
        if (_options.DeleteHorizon is not null)
            attributes |= RecordBatchAttributes.DeleteHorizon;
        return (short)attributes;
    }

    private void Reserve(int size)
    {
        if (_body.Length - _length < size)
            Array.Resize(ref _body, Math.Max(_body.Length * 2, checked(_length + size)));
    }

    private void Put(long value) => _length += Varint.Write(_body.AsSpan(_length), value);

    private void Put(ReadOnlyMemory<byte>? bytes)
    {
        if (bytes is not { } content)
        {
            Put(-1);
            return;
        }

        Put(content.Length);
        content.Span.CopyTo(_body.AsSpan(_length));
        _length += content.Length;
    }
}
