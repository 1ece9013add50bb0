using System.Buffers;
using System.Runtime.InteropServices;
using Millrace.Protocol.Records.Compression;

namespace Millrace.Protocol.Records;

/// <summary>Walks over the records of a batch.</summary>
[StructLayout(LayoutKind.Auto)]
public ref struct RecordEnumerator : IDisposable
{
    private readonly RecordBatchHeader _header;
    private readonly ReadOnlyMemory<byte> _body;
    private byte[]? _rented;
    private int _position;
    private int _index;

    internal RecordEnumerator(RecordBatch batch, int limit)
    {
        _header = batch.Header;
        _body = batch.Body;
        if (_header.Compression != CompressionType.None && _header.Count > 0)
        {
            var unpacked = RecordCompression.Decompress(_header.Compression, _body, limit);
            _rented = unpacked.Array;
            _body = unpacked;
        }
    }

    /// <summary>The current record. Its memory is valid until the enumerator is disposed.</summary>
    public Record Current { get; private set; }

    /// <summary>Moves to the next record.</summary>
    /// <exception cref="CorruptRecordException">The bytes do not hold the records that the header announces.</exception>
    public bool MoveNext()
    {
        if (_index >= _header.Count)
        {
            if (_position != _body.Length)
                throw new CorruptRecordException($"Batch at offset {_header.BaseOffset}: {_body.Length - _position} bytes follow its {_header.Count} records.");
            return false;
        }

        if (!RecordParser.TryRead(_body.Span, ref _position, out var raw))
            throw new CorruptRecordException($"Batch at offset {_header.BaseOffset}: record {_index} of {_header.Count} is malformed at byte {_position}.");
        Current = new Record(_header, raw, _body);
        _index++;
        return true;
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented);
        _rented = null;
    }
}
