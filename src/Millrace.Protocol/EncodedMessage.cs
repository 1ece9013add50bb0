using System.Buffers;

namespace Millrace.Protocol;

/// <summary>A written message: one pooled buffer, and between its parts the record sets that were not copied.</summary>
public sealed class EncodedMessage : IDisposable
{
    private readonly int _length;
    private readonly List<ExternalSegment>? _externals;
    private byte[]? _buffer;

    internal EncodedMessage(byte[] buffer, int length, List<ExternalSegment>? externals, int totalLength)
    {
        _buffer = buffer;
        _length = length;
        _externals = externals;
        TotalLength = totalLength;
    }

    /// <summary>Gets the size in bytes of all segments.</summary>
    public int TotalLength { get; }

    /// <summary>Gets a value indicating whether the message is one contiguous piece.</summary>
    public bool IsSingleSegment => _externals is null;

    /// <summary>Gets the first segment: all of it where <see cref="IsSingleSegment"/>.</summary>
    public ReadOnlyMemory<byte> First => Buffer.AsMemory(0, _externals is null ? _length : _externals[0].Position);

    private byte[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(EncodedMessage));

    /// <summary>The segments in the order in which they go out.</summary>
    /// <returns>The segments; none is empty.</returns>
    public IEnumerable<ReadOnlyMemory<byte>> Segments()
    {
        int position = 0;
        foreach (var external in _externals ?? [])
        {
            if (external.Position > position) yield return Buffer.AsMemory(position, external.Position - position);
            yield return external.Memory;
            position = external.Position;
        }

        if (_length > position) yield return Buffer.AsMemory(position, _length - position);
    }

    /// <summary>Copies the whole message.</summary>
    /// <returns>The bytes.</returns>
    public byte[] ToArray()
    {
        byte[] all = new byte[TotalLength];
        int position = 0;
        foreach (var segment in Segments())
        {
            segment.CopyTo(all.AsMemory(position));
            position += segment.Length;
        }

        return all;
    }

    /// <summary>Gives the buffer back to the pool.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer) ArrayPool<byte>.Shared.Return(buffer);
    }
}
