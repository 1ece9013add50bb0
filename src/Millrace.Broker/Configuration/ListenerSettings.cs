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
}
