using System.Buffers;
using System.Buffers.Binary;
using Millrace.Protocol;

namespace Millrace.Broker.Network;

/// <summary>Cuts the stream into frames: four bytes of length, then the request.</summary>
internal static class FrameParser
{
    private const int SizeBytes = sizeof(int);

    /// <summary>The first bytes of a TLS ClientHello: content type 22, protocol version 3.x.</summary>
    private const int TlsHandshake = 0x1603;

    /// <summary>Takes one whole frame off the front of the buffer.</summary>
    /// <exception cref="MalformedMessageException">The length is not possible: there is no way to find the next frame.</exception>
    public static bool TryTake(ref ReadOnlySequence<byte> buffer, int maxBytes, out ReadOnlySequence<byte> frame)
    {
        frame = default;
        if (buffer.Length < SizeBytes) return false;
        Span<byte> head = stackalloc byte[SizeBytes];
        buffer.Slice(0, SizeBytes).CopyTo(head);
        int size = BinaryPrimitives.ReadInt32BigEndian(head);
        if (size < 0 || size > maxBytes) throw new MalformedMessageException(Explain(size, maxBytes));
        if (buffer.Length - SizeBytes < size) return false;
        frame = buffer.Slice(SizeBytes, size);
        buffer = buffer.Slice(SizeBytes + size);
        return true;
    }

    private static string Explain(int size, int maxBytes) => size >> 16 == TlsHandshake
        ? "the client speaks TLS and this listener does not: set security.protocol=PLAINTEXT in the client"
        : $"a request of {size} bytes; socket.request.max.bytes allows {maxBytes}";
}
