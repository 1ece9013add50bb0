using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Millrace.Broker.Network;

/// <summary>Small conversions at the socket's edge.</summary>
internal static class SocketAddresses
{
    public static string RemoteHost(Socket socket) =>
        (socket.RemoteEndPoint as IPEndPoint)?.Address is { } address
            ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString()
            : "unknown";

    /// <summary>The array below a memory, or a copy where there is none.</summary>
    public static ArraySegment<byte> ToArraySegment(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out var segment) ? segment : new ArraySegment<byte>(memory.ToArray());
}
