using Millrace.Broker.Configuration;

namespace Millrace.Broker.Security;

/// <summary>The settings as one listener sees them: <c>listener.name.NAME.KEY</c> comes before <c>KEY</c>, and with a mechanism <c>listener.name.NAME.MECHANISM.KEY</c> before both.</summary>
internal sealed class ListenerSettingsView(string listener, IReadOnlyDictionary<string, string> settings)
{
    public const string Prefix = "listener.name.";

    private readonly string _prefix = $"{Prefix}{listener.ToLowerInvariant()}.";

    public string? Find(string key) => Find(key, out _);

    /// <summary>The value and the whole key under which it stands, for messages.</summary>
    public string? Find(string key, out string where)
    {
        where = _prefix + key;
        if (settings.TryGetValue(where, out string? own)) return own;
        where = key;
        return settings.GetValueOrDefault(key);
    }

    /// <summary>The value for a SASL mechanism.</summary>
    public string? Find(string mechanism, string key, out string where)
    {
        where = $"{_prefix}{mechanism.ToLowerInvariant()}.{key}";
        if (settings.TryGetValue(where, out string? own)) return own;
        string exact = where;
        string? shared = Find(key, out where);
        if (shared is null) where = exact;
        return shared;
    }

    /// <summary>The value, or the setting's default.</summary>
    public string Get(string key) => Find(key) ?? SecuritySettings.Default(key);

    /// <summary>The value for a mechanism, or the setting's default.</summary>
    public string Get(string mechanism, string key) => Find(mechanism, key, out _) ?? SecuritySettings.Default(key);
}
