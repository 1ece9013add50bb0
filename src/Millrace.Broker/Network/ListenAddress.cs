using System.Globalization;
using System.Net;

namespace Millrace.Broker.Network;

/// <summary>Reads <c>HOST:PORT</c>, and decides what clients are told.</summary>
internal static class ListenAddress
{
    private const int DefaultPort = 9092;

    /// <summary>Reads the address to listen on.</summary>
    /// <exception cref="BrokerStartException">The text is no address, or the host's name is not known.</exception>
    public static IPEndPoint Parse(string text)
    {
        var (host, port) = Split(text, DefaultPort);
        if (host.Length == 0 || host is "*" or "0.0.0.0") return new IPEndPoint(IPAddress.Any, port);
        if (host == "localhost") return new IPEndPoint(IPAddress.Loopback, port);
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address)) return new IPEndPoint(address, port);
        try
        {
            var addresses = Dns.GetHostAddresses(host);
            return new IPEndPoint(Array.Find(addresses, static a => a.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork) ?? addresses[0], port);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new BrokerStartException($"cannot listen on '{text}': the host '{host}' is not known ({e.Message}). Write HOST:PORT with an address of this machine, as 127.0.0.1:9092", e);
        }
    }

    /// <summary>One address for each node: the ports that follow, or any free ones where the first is 0.</summary>
    public static IEnumerable<IPEndPoint> Series(IPEndPoint first, int count) =>
        Enumerable.Range(0, count).Select(i => i == 0 || first.Port == 0 ? first : new IPEndPoint(first.Address, first.Port + i));

    public static NodeIdentity Advertise(int nodeId, string clusterId, string? advertised, IPEndPoint bound)
    {
        if (advertised is { Length: > 0 })
        {
            var (host, port) = Split(advertised, bound.Port);
            return new NodeIdentity(nodeId, clusterId, host.Trim('[', ']'), port == 0 ? bound.Port : port);
        }

        bool anywhere = bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any);
        return new NodeIdentity(nodeId, clusterId, anywhere ? Dns.GetHostName() : bound.Address.ToString(), bound.Port);
    }

    /// <summary>As a client takes it: an IPv6 address stands in brackets, which Kafka's own Metadata leaves out.</summary>
    public static string Write(string host, int port) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";

    private static (string Host, int Port) Split(string text, int defaultPort)
    {
        int colon = text.LastIndexOf(':');
        if (colon < 0 || text.EndsWith(']')) return (text, defaultPort);
        return ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            ? (text[..colon], port)
            : throw new BrokerStartException($"'{text}' is no HOST:PORT: the port must be a number from 0 to 65535");
    }
}
