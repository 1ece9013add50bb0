using System.Net;
using System.Net.Sockets;

namespace Millrace.TestKit;

/// <summary>Finds ports for processes that can't bind port 0 and tell.</summary>
public static class FreePort
{
    public static int Next()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
