using System.Globalization;
using System.Net;

namespace Millrace.Cli.Infrastructure;

/// <summary><c>HOST:PORT</c> as every command takes it; an IPv6 address stands in brackets.</summary>
internal static class HostPort
{
    /// <summary>One address.</summary>
    /// <exception cref="FormatException">The text is none; the message says what is needed.</exception>
    public static (string Host, ushort Port) Parse(string text, bool anyPort = false)
    {
        var colon = text.LastIndexOf(':');
        var host = colon > 0 ? text[..colon] : string.Empty;
        if (host.Contains(':', StringComparison.Ordinal) && host[0] != '[')
            throw new FormatException($"'{text}' is no HOST:PORT; an IPv6 address stands in brackets, such as [::1]:9092");
        var isBracketed = host is ['[', .., ']'];
        if (isBracketed && IPAddress.TryParse(host[1..^1], out _)) host = host[1..^1];
        else if (isBracketed || host.AsSpan().ContainsAny("[] ")) host = string.Empty;
        return host.Length > 0 && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && (anyPort || port > 0)
            ? (host, port)
            : throw new FormatException($"'{text}' is no HOST:PORT; for example 127.0.0.1:9092");
    }

    /// <summary>Kafka's bootstrap servers; its clients allow a protocol before each address.</summary>
    /// <exception cref="FormatException">An address is none, or there is none at all.</exception>
    public static List<(string Host, ushort Port)> ParseList(string text)
    {
        List<(string Host, ushort Port)> servers = [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(static s => Parse(s[(s.IndexOf("://", StringComparison.Ordinal) is >= 0 and var at ? at + 3 : 0)..]))];
        return servers.Count > 0 ? servers : throw new FormatException("no address is named; for example 127.0.0.1:9092");
    }

    public static string Write(string host, ushort port) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
}
