using System.Net;
using Millrace.Broker.Configuration;
using Millrace.Broker.Security.Sasl;
using Millrace.Broker.Security.Tls;

namespace Millrace.Broker.Security;

/// <summary>A listener with its certificates read: what its connections share.</summary>
internal sealed class ServerListener
{
    private ServerListener(int index, ListenerDefinition definition, TlsServer? tls)
    {
        Index = index;
        Definition = definition;
        Tls = tls;
    }

    /// <summary>Its place among the broker's listeners.</summary>
    public int Index { get; }

    public ListenerDefinition Definition { get; }

    public string Name => Definition.Name;

    /// <summary>Null where the listener does not speak TLS.</summary>
    public TlsServer? Tls { get; }

    /// <summary>Null where the listener has no SASL.</summary>
    public SaslServer? Sasl { get; private set; }

    /// <summary>Whether a client can come in without saying who it is.</summary>
    public bool IsAnonymous => !Definition.UsesSasl && Tls is not { Authenticates: true };

    /// <summary>The listeners that the options name, or the one that they always have.</summary>
    /// <exception cref="BrokerStartException">A listener is not configured as it must be.</exception>
    public static IReadOnlyList<ServerListener> Create(BrokerOptions options)
    {
        if (SecurityRules.Problems(options.Settings) is [var (key, problem), ..]) throw new BrokerStartException($"cannot listen: {key}: {problem}");
        try
        {
            return [.. Definitions(options).Select((definition, i) => Create(i, definition, options))];
        }
        catch (SettingException e)
        {
            throw new BrokerStartException($"cannot listen: {e.Message}", e);
        }
    }

    /// <summary>Reads the mechanisms of SASL and their users.</summary>
    /// <exception cref="BrokerStartException">They are not configured as they must be.</exception>
    public void ReadUsers(BrokerOptions options, SecurityStore store, TimeProvider time)
    {
        if (!Definition.UsesSasl) return;
        try
        {
            Sasl = SaslServer.Create(Definition, new ListenerSettingsView(Name, options.Settings), store, time);
        }
        catch (SettingException e)
        {
            throw new BrokerStartException($"cannot listen: {e.Message}", e);
        }
    }

    /// <summary>Whether only programs on this machine can reach the address.</summary>
    public static bool IsLocal(IPEndPoint bound) => IPAddress.IsLoopback(bound.Address);

    private static IEnumerable<ListenerDefinition> Definitions(BrokerOptions options)
    {
        var defined = ListenerDefinitions.Parse(options.Settings);
        // The address in the options wins: it is the file's, or was chosen instead of it.
        var first = defined.Count > 0 ? defined[0] : new ListenerDefinition("PLAINTEXT", SecurityProtocol.Plaintext, options.Listen, options.Advertised);
        return [first with { Address = options.Listen, Advertised = options.Advertised ?? first.Advertised }, .. defined.Skip(1)];
    }

    private static ServerListener Create(int index, ListenerDefinition definition, BrokerOptions options)
    {
        var view = new ListenerSettingsView(definition.Name, options.Settings);
        return new ServerListener(index, definition, definition.UsesTls ? TlsServer.Create(view) : null);
    }
}
