using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Millrace.Broker.Log;

/// <summary>A run of bytes in a segment file. It is read only when someone asks, straight into the caller's buffer.</summary>
internal readonly struct LogSlice
{
    public int Length { get; }

    public bool IsEmpty => Length == 0;

    /// <summary>Reads all bytes into <paramref name="target"/>, which has at least <see cref="Length"/> bytes.</summary>
    /// <exception cref="Millrace.Protocol.Records.CorruptRecordException">A batch's checksum does not match.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void CopyTo(Span<byte> target) => throw new NotImplementedException();

    /// <summary>Appends the bytes to <paramref name="target"/>.</summary>
    public void CopyTo(IBufferWriter<byte> target)
    {
        CopyTo(target.GetSpan(Length));
        target.Advance(Length);
    }

    /// <summary>The bytes in an array of their own.</summary>
    public byte[] ToArray()
    {
        var bytes = GC.AllocateUninitializedArray<byte>(Length);
        CopyTo(bytes);
        return bytes;
    }
}
