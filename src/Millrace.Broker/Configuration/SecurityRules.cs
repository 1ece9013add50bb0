using Millrace.Broker.Security;
using Millrace.Broker.Security.Sasl;
using Millrace.Broker.Security.Tls;

namespace Millrace.Broker.Configuration;

/// <summary>What can be said about the settings of security without opening a file: <c>config check</c> and the start say it alike.</summary>
internal static class SecurityRules
{
    public static IReadOnlyList<(string Key, string Problem)> Problems(IReadOnlyDictionary<string, string> settings)
    {
        List<(string, string)> problems = [];
        Try(problems, () =>
        {
            var listeners = ListenerDefinitions.Parse(settings);
            string[] controllers = (settings.GetValueOrDefault(ListenerDefinitions.ControllerNames) ?? "CONTROLLER").Split(',', StringSplitOptions.TrimEntries);
            foreach (var listener in listeners) Try(problems, () => Check(listener, new ListenerSettingsView(listener.Name, settings)));
            foreach (string key in settings.Keys) Try(problems, () => CheckName(key, listeners, controllers));
        });
        return problems;
    }

    private static void Check(ListenerDefinition listener, ListenerSettingsView view)
    {
        if (listener.UsesSasl) SaslServer.Check(listener, view);
        if (listener.UsesTls)
        {
            TlsServer.Mapping(view);
            if (view.Find("ssl.keystore.key") is null && view.Find("ssl.keystore.location", out string where) is null)
                throw new SettingException(where, $"is needed: the listener {listener.Name} speaks TLS ({listener.ProtocolName})");
        }
    }

    // A typing error in a listener's name would open it without what the prefix was to say.
    private static void CheckName(string key, IReadOnlyList<ListenerDefinition> listeners, string[] controllers)
    {
        if (!key.StartsWith(ListenerSettingsView.Prefix, StringComparison.Ordinal)) return;
        string name = key[ListenerSettingsView.Prefix.Length..].Split('.')[0];
        if (controllers.Contains(name, StringComparer.OrdinalIgnoreCase)) return;
        if (listeners.All(l => !l.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            throw new SettingException(key, $"there is no listener '{name}' in {ListenerDefinitions.Listeners}");
    }

    private static void Try(List<(string Key, string Problem)> problems, Action check)
    {
        try
        {
            check();
        }
        catch (SettingException e)
        {
            problems.Add((e.Key, e.Problem));
        }
    }
}
