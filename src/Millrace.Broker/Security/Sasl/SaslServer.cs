using System.Globalization;
using Millrace.Broker.Configuration;

namespace Millrace.Broker.Security.Sasl;

/// <summary>The SASL side of one listener: its mechanisms and their users.</summary>
internal sealed class SaslServer
{
    private const string PlainModule = "org.apache.kafka.common.security.plain.PlainLoginModule";

    private readonly SecurityStore _store;
    private readonly PlainUsers _plain = new(new Dictionary<string, string>(StringComparer.Ordinal));
    private readonly JwtValidator? _tokens;
    private readonly Dictionary<string, TimeSpan?> _maxReauthentication = new(StringComparer.Ordinal);

    private SaslServer(ListenerDefinition listener, ListenerSettingsView settings, SecurityStore store, TimeProvider time)
    {
        _store = store;
        Check(listener, settings);
        Mechanisms = Enabled(settings);
        FailureDelay = TimeSpan.FromMilliseconds(Number(settings.Get("connection.failed.authentication.delay.ms")));
        MaxReceiveBytes = (int)Number(settings.Get("sasl.server.max.receive.size"));
        foreach (string mechanism in Mechanisms)
        {
            long limit = Number(settings.Get(mechanism, "connections.max.reauth.ms"));
            _maxReauthentication[mechanism] = limit > 0 ? TimeSpan.FromMilliseconds(limit) : null;
        }

        if (Jaas(settings, SaslMechanisms.Plain) is { } plain) _plain = new PlainUsers(plain.Options);
        if (Mechanisms.Contains(SaslMechanisms.OAuthBearer)) _tokens = Tokens(settings, time);
    }

    /// <summary>The enabled mechanisms, in the order in which the settings name them.</summary>
    public IReadOnlyList<string> Mechanisms { get; }

    /// <summary><c>connection.failed.authentication.delay.ms</c>.</summary>
    public TimeSpan FailureDelay { get; }

    /// <summary><c>sasl.server.max.receive.size</c>: the largest request of a client that is not known yet.</summary>
    public int MaxReceiveBytes { get; }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SettingException">They are not complete.</exception>
    public static SaslServer Create(ListenerDefinition listener, ListenerSettingsView settings, SecurityStore store, TimeProvider time) => new(listener, settings, store, time);

    /// <summary>What can be said about the settings without a file.</summary>
    /// <exception cref="SettingException">They are not complete, or not understood.</exception>
    public static void Check(ListenerDefinition listener, ListenerSettingsView settings)
    {
        var mechanisms = Enabled(settings);
        if (mechanisms.Count == 0)
        {
            settings.Find("sasl.enabled.mechanisms", out string where);
            throw new SettingException(where, $"is needed: the listener {listener.Name} is {listener.ProtocolName}, and Kafka's default, GSSAPI, is not offered. Name some of {string.Join(", ", SaslMechanisms.Offered)}");
        }

        foreach (string mechanism in mechanisms)
        {
            var entry = Jaas(settings, mechanism);
            if (mechanism == SaslMechanisms.OAuthBearer) JwksFile(settings, out _);
            if (mechanism != SaslMechanisms.Plain) continue;
            settings.Find(mechanism, "sasl.jaas.config", out string where);
            string form = $"{PlainModule} required user_NAME=\"PASSWORD\";";
            if (entry is null) throw new SettingException(where, $"is needed for the users of PLAIN: {form}");
            if (entry.Module != PlainModule) throw new SettingException(where, $"the login module of PLAIN is {PlainModule}: {form}");
        }
    }

    public ISaslExchange Begin(string mechanism) => ScramMechanism.Find(mechanism) is { } scram ? new ScramExchange(scram, _store)
        : mechanism == SaslMechanisms.OAuthBearer ? new OAuthBearerExchange(_tokens!)
        : new PlainExchange(_plain);

    /// <summary>How long a client may go on without authenticating anew; null for as long as it likes.</summary>
    public TimeSpan? MaxReauthentication(string mechanism) => _maxReauthentication[mechanism];

    private static IReadOnlyList<string> Enabled(ListenerSettingsView settings)
    {
        string list = settings.Find("sasl.enabled.mechanisms", out string where) ?? "";
        string[] mechanisms = list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Array.Find(mechanisms, static m => !SaslMechanisms.Offered.Contains(m)) is { } unknown
            ? throw new SettingException(where, $"'{unknown}' is not offered; there are {string.Join(", ", SaslMechanisms.Offered)}")
            : mechanisms;
    }

    private static JwtValidator Tokens(ListenerSettingsView settings, TimeProvider time)
    {
        string audience = settings.Get(SaslMechanisms.OAuthBearer, "sasl.oauthbearer.expected.audience");
        var rules = new JwtRules(
            settings.Find(SaslMechanisms.OAuthBearer, "sasl.oauthbearer.expected.issuer", out _),
            audience.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            settings.Get(SaslMechanisms.OAuthBearer, "sasl.oauthbearer.sub.claim.name"),
            TimeSpan.FromSeconds(Number(settings.Get(SaslMechanisms.OAuthBearer, "sasl.oauthbearer.clock.skew.seconds"))));
        string file = JwksFile(settings, out string where);
        try
        {
            return new JwtValidator(JsonWebKeys.Open(file), rules, time);
        }
        catch (FormatException e)
        {
            throw new SettingException(where, e.Message, e);
        }
    }

    // Kafka takes unsigned tokens where nothing is set; here that is refused.
    private static string JwksFile(ListenerSettingsView settings, out string where)
    {
        string? url = settings.Find(SaslMechanisms.OAuthBearer, "sasl.oauthbearer.jwks.endpoint.url", out where);
        if (url is null) throw new SettingException(where, "is needed for OAUTHBEARER: the file with the keys that sign tokens, as file:///etc/millrace/jwks.json");
        return Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.IsFile ? uri.LocalPath
            : throw new SettingException(where, $"'{url}' is no file:///PATH; addresses are not offered: fetch the keys into a file, which is read again when it changes");
    }

    private static JaasEntry? Jaas(ListenerSettingsView settings, string mechanism)
    {
        if (settings.Find(mechanism, "sasl.jaas.config", out string where) is not { } text) return null;
        try
        {
            return JaasEntry.Parse(text);
        }
        catch (FormatException e)
        {
            throw new SettingException(where, e.Message, e);
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
