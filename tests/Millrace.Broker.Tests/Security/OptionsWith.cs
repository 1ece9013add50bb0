namespace Millrace.Broker.Tests.Security;

internal static class OptionsWith
{
    /// <summary>The options with settings by Kafka's names.</summary>
    public static BrokerOptions With(this BrokerOptions options, params (string Key, string Value)[] settings) =>
        options.With(settings.ToDictionary(static s => s.Key, static s => s.Value));

    public static BrokerOptions With(this BrokerOptions options, Dictionary<string, string> settings)
    {
        var all = new Dictionary<string, string>(options.Settings, StringComparer.Ordinal);
        foreach (var (key, value) in settings) all[key] = value;
        return options with { Settings = all };
    }
}
