using System.Globalization;

namespace Millrace.Broker.Configuration;

/// <summary>Listeners and the roles of KRaft. This broker has one PLAINTEXT listener and is its own controller.</summary>
internal static class ListenerSettings
{
    public static string? Effect(PropertiesEntry entry, Dictionary<string, PropertiesEntry> all, out string? problem)
    {
        problem = null;
        switch (entry.Key)
        {
            case "listeners" or "advertised.listeners":
                problem = Problem(entry.Value);
                string? address = Address(entry.Value, all);
                return address is null ? "only a controller's listener: no effect, as the broker is its own controller"
                    : entry.Key == "listeners" ? $"listens on {address}" : $"clients are told {address}";
            case "listener.security.protocol.map":
                problem = entry.Value.Split(',').Any(static p => p.Trim().Split(':') is [not "CONTROLLER", not "PLAINTEXT", ..] and not [_, "PLAINTEXT"])
                    && Used(entry.Value, all) ? "maps a listener to a protocol other than PLAINTEXT, which this broker does not offer yet" : null;
                return "names of listeners; all are PLAINTEXT here";
            case "security.inter.broker.protocol":
                return "no effect: there is no other broker";
            case "process.roles":
                problem = entry.Value.Split(',').All(static r => r.Trim() is "broker" or "controller") ? null : "must be broker, controller, or both";
                return "no effect: the broker is its own controller";
            case "controller.quorum.voters" or "controller.quorum.bootstrap.servers" or "controller.listener.names" or "inter.broker.listener.name":
                return "no effect: the broker is its own controller and the only node";
            default:
                return null;
        }
    }

    /// <summary>What Kafka refuses about roles and voters, though this broker is its own controller: such a file was meant otherwise.</summary>
    public static (string Key, string Problem)? Contradiction(Dictionary<string, PropertiesEntry> all)
    {
        if (!all.TryGetValue("controller.quorum.voters", out var voters) || voters.Value.Length == 0) return null;
        string[] list = voters.Value.Split(',', StringSplitOptions.TrimEntries);
        if (Array.Find(list, static v => Voter(v) is null) is { } wrong) return (voters.Key, $"'{wrong}' is no ID@HOST:PORT");
        if (!all.TryGetValue("node.id", out var node) || !all.TryGetValue("process.roles", out var roles)) return null;
        bool votes = list.Any(v => Voter(v)?.ToString(CultureInfo.InvariantCulture) == node.Value.Trim());
        bool controls = roles.Value.Split(',', StringSplitOptions.TrimEntries).Contains("controller");
        return votes == controls ? null
            : controls ? (node.Key, $"{node.Value} is none of controller.quorum.voters ({voters.Value}), and process.roles has controller")
            : (node.Key, $"{node.Value} is one of controller.quorum.voters ({voters.Value}), and process.roles has no controller");
    }

    public static string? Listen(Dictionary<string, PropertiesEntry> all) => all.TryGetValue("listeners", out var entry) ? Address(entry.Value, all) : null;

    public static string? Advertised(Dictionary<string, PropertiesEntry> all) => all.TryGetValue("advertised.listeners", out var entry) ? Address(entry.Value, all) : null;

    private static bool Used(string map, Dictionary<string, PropertiesEntry> all) =>
        all.TryGetValue("listeners", out var listeners) && map.Split(',').Select(static p => p.Trim().Split(':'))
            .Any(p => p is [var name, not "PLAINTEXT"] && listeners.Value.Contains(name + "://", StringComparison.Ordinal));

    private static string? Address(string value, Dictionary<string, PropertiesEntry> all)
    {
        string[] controllers = all.TryGetValue("controller.listener.names", out var names) ? names.Value.Split(',', StringSplitOptions.TrimEntries) : ["CONTROLLER"];
        foreach (string listener in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int scheme = listener.IndexOf("://", StringComparison.Ordinal);
            if (scheme < 0 || controllers.Contains(listener[..scheme])) continue;
            return listener[(scheme + 3)..];
        }

        return null;
    }

    private static string? Problem(string value)
    {
        foreach (string listener in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int scheme = listener.IndexOf("://", StringComparison.Ordinal);
            if (scheme < 0) return $"'{listener}' is no NAME://HOST:PORT";
            if (listener[..scheme] is "SSL" or "SASL_SSL" or "SASL_PLAINTEXT") return $"{listener[..scheme]} is not offered yet: use PLAINTEXT";
        }

        return null;
    }

    private static int? Voter(string voter)
    {
        int at = voter.IndexOf('@', StringComparison.Ordinal);
        int colon = voter.LastIndexOf(':');
        return at > 0 && colon > at + 1 && int.TryParse(voter.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            && ushort.TryParse(voter.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _) ? id : null;
    }
}
