using System.Runtime.InteropServices;

namespace Millrace.Protocol.Records;

/// <summary>A record batch of format version 2 over bytes that someone else owns.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct RecordBatch
{
    /// <summary>The largest size to which a batch may unpack, unless told otherwise: 1 GiB is what Kafka's own 32-bit sizes allow at best,
    /// 128 MiB is beyond every sane <c>max.message.bytes</c> times a good compression ratio.</summary>
    public const int DefaultDecompressionLimit = 128 * 1024 * 1024;

    private RecordBatch(in RecordBatchHeader header, ReadOnlyMemory<byte> bytes)
    {
        Header = header;
        Bytes = bytes;
    }

    /// <summary>The parsed header.</summary>
    public RecordBatchHeader Header { get; }

    /// <summary>The whole batch, header included.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The bytes of the records, compressed if the header says so.</summary>
    public ReadOnlyMemory<byte> Body => Bytes[RecordBatchHeader.Size..];

    /// <summary>Offset of the first record.</summary>
    public long BaseOffset => Header.BaseOffset;

    /// <summary>Offset of the last record.</summary>
    public long LastOffset => Header.LastOffset;

    /// <summary>Number of records.</summary>
    public int Count => Header.Count;

    /// <summary>
    /// Takes the first batch of <paramref name="data"/>. The header is checked, the checksum is not (<see cref="HasValidCrc"/>).
    /// </summary>
    /// <param name="data">Bytes of one or more batches, the last possibly cut.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="error">Null where the data just end (too few bytes for the batch), otherwise what is wrong.</param>
    /// <returns>Whether there is a whole batch.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> data, out RecordBatch batch, out string? error)
    {
        batch = default;
        error = null;
        if (!RecordBatchHeader.TryRead(data.Span, out var header))
            return false;
        error = header.Validate();
        if (error is not null || header.TotalSize > data.Length || header.TotalSize < 0)
            return false;
        batch = new RecordBatch(header, data[..header.TotalSize]);
        return true;
    }

    /// <summary>Splits bytes into batches; a cut last batch is left out.</summary>
    /// <exception cref="CorruptRecordException">A header contradicts the format.</exception>
    public static IEnumerable<RecordBatch> ReadAll(ReadOnlyMemory<byte> data)
    {
        while (true)
        {
            if (!TryRead(data, out var batch, out var error))
            {
                if (error is not null)
                    throw new CorruptRecordException($"Not a record batch: {error}.");
                yield break;
            }

            yield return batch;
            data = data[batch.Bytes.Length..];
        }
    }

    /// <summary>Whether the checksum matches.</summary>
    public bool HasValidCrc() => Crc32C.Compute(Bytes.Span[RecordBatchHeader.AttributesOffset..]) == Header.Crc;

    /// <summary>The records, unpacked into a pooled buffer if need be. What a record points to is valid until the enumerator is disposed,
    /// which <c>foreach</c> does.</summary>
    /// <param name="decompressionLimit">The largest size to which the batch may unpack.</param>
    /// <exception cref="CorruptRecordException">While enumerating: the body does not hold what the header says.</exception>
    public RecordSequence Records(int decompressionLimit = DefaultDecompressionLimit) => new(this, decompressionLimit);
}

/// <summary>The records of one batch, for <c>foreach</c>.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct RecordSequence
{
    private readonly RecordBatch _batch;
    private readonly int _limit;

    internal RecordSequence(RecordBatch batch, int limit)
    {
        _batch = batch;
        _limit = limit;
    }

    /// <summary>Unpacks the batch and starts at its first record.</summary>
    public RecordEnumerator GetEnumerator() => new(_batch, _limit);

    /// <summary>Copies all records to memory of their own.</summary>
    public List<Record> ToList()
    {
        var list = new List<Record>(Math.Min(_batch.Count, 1024));
        foreach (var record in this)
            list.Add(record.Copy());
        return list;
    }
}
