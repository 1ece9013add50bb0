using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Network;

/// <summary>Reads a request's header and finds its handler.</summary>
internal sealed class RequestDispatcher(HandlerTable handlers)
{
    /// <summary>Reads the header of a frame.</summary>
    /// <exception cref="MalformedMessageException">No handler, or not in this version: the connection is closed, as a client that asked ApiVersions would know.</exception>
    public RequestContext Parse(ReadOnlyMemory<byte> frame, ConnectionInfo connection, out IRequestHandler handler)
    {
        var reader = new KafkaReader(frame);
        var key = (ApiKey)reader.ReadInt16();
        short version = reader.ReadInt16();
        reader = new KafkaReader(frame);
        handler = handlers[key] ?? throw new MalformedMessageException($"API {(short)key} ({key}) is not offered");
        bool known = version >= handler.LowestVersion && version <= handler.HighestVersion;
        if (!known && key != ApiKey.ApiVersions)
            throw new MalformedMessageException($"{key} version {version} is not offered: {handler.LowestVersion} to {handler.HighestVersion} are");
        var header = RequestHeader.Read(ref reader);
        if (!known)
        {
            // KIP-511: a client that is newer than the broker gets UNSUPPORTED_VERSION in the oldest form, and asks again.
            handler = UnsupportedApiVersionsHandler.Instance;
            return new RequestContext(header with { ApiVersion = ApiVersionsRequest.LowestVersion }, ReadOnlyMemory<byte>.Empty, connection);
        }

        if (version >= handler.FirstFlexibleVersion) reader.SkipTaggedFields();
        return new RequestContext(header, frame[reader.Position..], connection);
    }
}

/// <summary>Answers an ApiVersions request of a version that this broker does not know.</summary>
internal sealed class UnsupportedApiVersionsHandler : IRequestHandler
{
    public static UnsupportedApiVersionsHandler Instance { get; } = new();

    public ApiKey ApiKey => ApiKey.ApiVersions;

    public short LowestVersion => ApiVersionsRequest.LowestVersion;

    public short HighestVersion => ApiVersionsRequest.HighestVersion;

    public short FirstFlexibleVersion => ApiVersionsRequest.FirstFlexibleVersion;

    public ValueTask<EncodedMessage?> HandleAsync(RequestContext context)
    {
        var response = new ApiVersionsResponse { ErrorCode = ErrorCode.UnsupportedVersion };
        response.ApiKeys.Add(new() { ApiKey = (short)ApiKey.ApiVersions, MinVersion = LowestVersion, MaxVersion = HighestVersion });
        return new(ResponseFrame.Encode(response, context.Header.CorrelationId, version: 0, flexibleHeader: false, capacity: 64));
    }
}
