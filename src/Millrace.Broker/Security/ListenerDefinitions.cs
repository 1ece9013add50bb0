using System.Globalization;

namespace Millrace.Broker.Security;

/// <summary>Reads <c>listeners</c>, <c>advertised.listeners</c> and <c>listener.security.protocol.map</c>, with Kafka's rules. Controllers' listeners are left out: the broker is its own controller.</summary>
internal static class ListenerDefinitions
{
    public const string Listeners = "listeners";
    public const string AdvertisedListeners = "advertised.listeners";
    public const string ProtocolMap = "listener.security.protocol.map";
    public const string InterBroker = "inter.broker.listener.name";
    public const string ControllerNames = "controller.listener.names";
    public const string InterBrokerProtocol = "security.inter.broker.protocol";

    private const string DefaultController = "CONTROLLER";

    /// <summary>The settings that are read here, and nowhere else.</summary>
    public static bool Knows(string key) => key is Listeners or AdvertisedListeners or ProtocolMap or InterBroker or ControllerNames or InterBrokerProtocol;

    /// <summary>Reads the listeners for clients; none where the settings do not name any.</summary>
    /// <exception cref="SettingException">A listener is not written as it must be, or the settings contradict each other.</exception>
    public static IReadOnlyList<ListenerDefinition> Parse(IReadOnlyDictionary<string, string> settings)
    {
        var controllers = Names(settings.GetValueOrDefault(ControllerNames) ?? DefaultController);
        var protocols = Protocols(settings);
        var advertised = Endpoints(settings, AdvertisedListeners, controllers).ToDictionary(static e => e.Name, static e => e.Address, StringComparer.OrdinalIgnoreCase);
        List<ListenerDefinition> found = [];
        foreach (var (name, address) in Endpoints(settings, Listeners, controllers))
        {
            if (protocols(name) is not { } protocol)
                throw new SettingException(Listeners, $"no security protocol is defined for the listener {name}: name it in {ProtocolMap}, as {name}:SSL");
            found.Add(new ListenerDefinition(name, protocol, address, advertised.GetValueOrDefault(name)));
        }

        Check(settings, found, advertised);
        return found;
    }

    private static void Check(IReadOnlyDictionary<string, string> settings, List<ListenerDefinition> found, Dictionary<string, string> advertised)
    {
        if (settings.ContainsKey(Listeners) && advertised.Keys.FirstOrDefault(a => found.TrueForAll(l => !l.Name.Equals(a, StringComparison.OrdinalIgnoreCase))) is { } stranger)
            throw new SettingException(AdvertisedListeners, $"names the listener {stranger}, which is none of {Listeners}");
        foreach (var (name, address) in advertised)
        {
            if (address.StartsWith("0.0.0.0:", StringComparison.Ordinal))
                throw new SettingException(AdvertisedListeners, $"{name}://{address}: 0.0.0.0 is no address that a client can reach. Give the name or address of this machine");
        }

        if (settings.GetValueOrDefault(InterBroker) is not { Length: > 0 } between) return;
        if (settings.ContainsKey(InterBrokerProtocol)) throw new SettingException(InterBroker, $"only one of {InterBroker} and {InterBrokerProtocol} may be set");
        if (found.Count > 0 && found.TrueForAll(l => !l.Name.Equals(between, StringComparison.OrdinalIgnoreCase)))
            throw new SettingException(InterBroker, $"'{between}' is none of {Listeners} ({string.Join(", ", found.Select(static l => l.Name))})");
    }

    private static IEnumerable<(string Name, string Address)> Endpoints(IReadOnlyDictionary<string, string> settings, string key, HashSet<string> controllers)
    {
        if (settings.GetValueOrDefault(key) is not { } value) yield break;
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var ports = new HashSet<int>();
        foreach (string listener in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int scheme = listener.IndexOf("://", StringComparison.Ordinal);
            int colon = listener.LastIndexOf(':');
            if (scheme <= 0 || colon < scheme + 3) throw new SettingException(key, $"'{listener}' is no NAME://HOST:PORT");
            string name = listener[..scheme];
            if (!ushort.TryParse(listener.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
                throw new SettingException(key, $"'{listener}' is no NAME://HOST:PORT: the port must be a number from 0 to 65535");
            if (!names.Add(name)) throw new SettingException(key, $"names the listener {name} more than once");
            if (key == Listeners && port != 0 && !ports.Add(port)) throw new SettingException(key, $"each listener must have a different port, and two have {port}");
            if (!controllers.Contains(name)) yield return (name, listener[(scheme + 3)..]);
        }
    }

    private static Func<string, SecurityProtocol?> Protocols(IReadOnlyDictionary<string, string> settings)
    {
        if (settings.GetValueOrDefault(ProtocolMap) is not { } value) return static name => SecurityProtocols.Parse(name.ToUpperInvariant());
        var map = new Dictionary<string, SecurityProtocol>(StringComparer.OrdinalIgnoreCase);
        foreach (string pair in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (pair.Split(':', StringSplitOptions.TrimEntries) is not [{ Length: > 0 } name, var protocol]) throw new SettingException(ProtocolMap, $"'{pair}' is no NAME:PROTOCOL");
            if (SecurityProtocols.Parse(protocol.ToUpperInvariant()) is not { } known)
                throw new SettingException(ProtocolMap, $"'{pair}': there is no security protocol {protocol}; there are {SecurityProtocols.All}");
            if (!map.TryAdd(name, known)) throw new SettingException(ProtocolMap, $"names the listener {name} more than once");
        }

        return name => map.TryGetValue(name, out var protocol) ? protocol : null;
    }

    private static HashSet<string> Names(string list) =>
        list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
}
