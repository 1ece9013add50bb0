using System.Net;
using Millrace.Cli.Infrastructure;

namespace Millrace.Cli.Hosting;

/// <summary>HOST:PORT, as every command takes it, in the forms that the parts take.</summary>
internal static class Addresses
{
    /// <summary>As Kestrel takes it. Names are resolved here: Kestrel takes any name that it does not know for all interfaces.</summary>
    public static async Task<string> HttpAsync(string listen, CancellationToken cancellationToken) =>
        listen.Contains("://", StringComparison.Ordinal) ? listen : $"http://{await ResolveAsync(listen, cancellationToken)}";

    public static async Task<IPEndPoint> ResolveAsync(string listen, CancellationToken cancellationToken)
    {
        var colon = listen.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(listen.AsSpan(colon + 1), out var port)) throw new CliException($"'{listen}' is no HOST:PORT; for example 127.0.0.1:8123");
        var host = listen[..colon].Trim('[', ']');
        if (IPAddress.TryParse(host, out var address)) return new IPEndPoint(address, port);
        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        return addresses.Length > 0 ? new IPEndPoint(addresses[0], port) : throw new CliException($"the host '{host}' has no address");
    }
}
