using Microsoft.Extensions.Logging;
using Millrace.Broker.Security;
using Millrace.Broker.Security.Sasl;
using Millrace.Protocol;

namespace Millrace.Broker.Network;

/// <summary>One request and the connection that it came on.</summary>
internal sealed partial class RequestContext(RequestHeader header, ReadOnlyMemory<byte> body, ConnectionInfo connection) : IDisposable
{
    private List<IDisposable>? _resources;

    public RequestHeader Header { get; } = header;

    public short Version => Header.ApiVersion;

    public string ClientId => Header.ClientId ?? "";

    /// <summary>The bytes after the header. They are valid until the response has been sent: what lives longer is copied.</summary>
    public ReadOnlyMemory<byte> Body { get; } = body;

    public ConnectionInfo Connection { get; } = connection;

    /// <summary>Cancelled when the client has gone or the broker stops: nobody waits for the response any more.</summary>
    public CancellationToken Aborted => Connection.Aborted;

    /// <summary>For how long the client is asked to send nothing, in milliseconds.</summary>
    public int ThrottleTimeMs { get; set; }

    /// <summary>Whether the connection ends with the response.</summary>
    public bool ClosesConnection { get; set; }

    /// <summary>Reads the body.</summary>
    /// <exception cref="MalformedMessageException">The bytes are no such request.</exception>
    public TRequest Read<TRequest>()
        where TRequest : IKafkaRequest, new()
    {
        var request = new TRequest();
        var reader = new KafkaReader(Body);
        request.Read(ref reader, Version);
        return request;
    }

    /// <summary>Keeps a resource until the response has been sent: a buffer that the response refers to.</summary>
    public void RegisterForDispose(IDisposable resource) => (_resources ??= []).Add(resource);

    public void Dispose()
    {
        if (_resources is null) return;
        foreach (var resource in _resources) resource.Dispose();
        _resources = null;
    }

    public void LogFailure(Exception error) => LogRequestFailed(Connection.Logger, error, Header.ApiKey, Version, Connection.RemoteAddress, ClientId);

    [LoggerMessage(2010, LogLevel.Error, "{Api} version {Version} from {Client} (client id '{ClientId}') failed")]
    private static partial void LogRequestFailed(ILogger logger, Exception error, ApiKey api, short version, string client, string clientId);
}

/// <summary>What handlers may know about a connection.</summary>
/// <param name="Id">Counts connections since the broker's start.</param>
/// <param name="NodeId">The node that the client reached; with one node always that one.</param>
/// <param name="RemoteAddress">The client's address without its port.</param>
/// <param name="Listener">The listener that accepted the connection.</param>
/// <param name="Logger">For failures of requests.</param>
/// <param name="Aborted">Cancelled when the client has gone or the broker stops.</param>
internal sealed record ConnectionInfo(long Id, int NodeId, string RemoteAddress, ServerListener Listener, ILogger Logger, CancellationToken Aborted)
{
    /// <summary>Who the client is. It is set before the first request is served, and again when a client authenticates anew.</summary>
    public KafkaPrincipal Principal { get; set; } = KafkaPrincipal.Anonymous;

    /// <summary>Where its authentication stands; null where the listener has no SASL.</summary>
    public SaslSession? Sasl { get; init; }
}
