using System.Globalization;
using Millrace.Broker.Security;

namespace Millrace.Broker.Configuration;

/// <summary>Listeners and the roles of KRaft: this broker is its own controller. What the listeners are is read by <see cref="ListenerDefinitions"/>.</summary>
internal static class ListenerSettings
{
    public static string? Effect(PropertiesEntry entry, Dictionary<string, PropertiesEntry> all, out string? problem)
    {
        problem = null;
        switch (entry.Key)
        {
            case ListenerDefinitions.Listeners or ListenerDefinitions.AdvertisedListeners:
                string[] addresses = [.. entry.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(l => !IsController(l, all))];
                return addresses.Length == 0 ? "only a controller's listener: no effect, as the broker is its own controller"
                    : $"{(entry.Key == ListenerDefinitions.Listeners ? "listens on" : "clients are told")} {string.Join(" and ", addresses)}";
            case ListenerDefinitions.ProtocolMap:
                return $"the security protocol of each listener: {entry.Value}";
            case ListenerDefinitions.InterBrokerProtocol:
                return "no effect: there is no other broker";
            case "process.roles":
                problem = entry.Value.Split(',').All(static r => r.Trim() is "broker" or "controller") ? null : "must be broker, controller, or both";
                return "no effect: the broker is its own controller";
            case "controller.quorum.voters" or "controller.quorum.bootstrap.servers" or ListenerDefinitions.ControllerNames or ListenerDefinitions.InterBroker:
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

    private static bool IsController(string listener, Dictionary<string, PropertiesEntry> all)
    {
        string[] controllers = all.TryGetValue(ListenerDefinitions.ControllerNames, out var names) ? names.Value.Split(',', StringSplitOptions.TrimEntries) : ["CONTROLLER"];
        return Array.Exists(controllers, c => listener.StartsWith(c + "://", StringComparison.OrdinalIgnoreCase));
    }

    private static int? Voter(string voter)
    {
        int at = voter.IndexOf('@', StringComparison.Ordinal);
        int colon = voter.LastIndexOf(':');
        return at > 0 && colon > at + 1 && int.TryParse(voter.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            && ushort.TryParse(voter.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _) ? id : null;
    }
}
