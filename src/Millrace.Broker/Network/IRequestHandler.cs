using Millrace.Protocol;

namespace Millrace.Broker.Network;

/// <summary>What answers one API. Handlers are shared by all connections; requests of one connection come one after another.</summary>
internal interface IRequestHandler
{
    ApiKey ApiKey { get; }

    /// <summary>The lowest version that ApiVersions advertises.</summary>
    short LowestVersion { get; }

    short HighestVersion { get; }

    /// <summary>The first version whose request header has tagged fields.</summary>
    short FirstFlexibleVersion { get; }

    /// <summary>Reads the request, does the work and returns the whole response frame, or null where the client expects none.</summary>
    /// <exception cref="MalformedMessageException">The body is no such request: the connection is closed.</exception>
    ValueTask<EncodedMessage?> HandleAsync(RequestContext context);
}

/// <summary>The usual handler: one request class in, one response class out.</summary>
/// <typeparam name="TRequest">The request.</typeparam>
/// <typeparam name="TResponse">The response.</typeparam>
internal abstract class RequestHandler<TRequest, TResponse> : IRequestHandler
    where TRequest : class, IKafkaRequest<TResponse>, new()
    where TResponse : class, IKafkaResponse
{
    public ApiKey ApiKey => TRequest.ApiKey;

    public virtual short LowestVersion => TRequest.LowestVersion;

    public virtual short HighestVersion => TRequest.HighestVersion;

    public short FirstFlexibleVersion => TRequest.FirstFlexibleVersion;

    /// <summary>The usual size of a response in bytes: the first guess at its buffer.</summary>
    protected virtual int ResponseCapacity => 512;

    public async ValueTask<EncodedMessage?> HandleAsync(RequestContext context)
    {
        var request = context.Read<TRequest>();
        TResponse? response;
        try
        {
            response = await HandleAsync(request, context);
        }
        catch (Exception e) when (e is not (OperationCanceledException or MalformedMessageException))
        {
            response = Failed(request, context, ErrorCode.UnknownServerError, e.Message);
            if (response is null) throw;
            context.LogFailure(e);
        }

        if (response is IThrottledResponse throttled && context.ThrottleTimeMs > 0) throttled.ThrottleTimeMs = context.ThrottleTimeMs;
        return response is null ? null : Encode(response, context);
    }

    /// <summary>Does the work.</summary>
    /// <returns>The response, or null where the client expects none.</returns>
    protected abstract ValueTask<TResponse?> HandleAsync(TRequest request, RequestContext context);

    /// <summary>The response to a request that failed as a whole, or null: then the connection is closed.</summary>
    protected virtual TResponse? Failed(TRequest request, RequestContext context, ErrorCode error, string message) => null;

    private EncodedMessage Encode(TResponse response, RequestContext context) => ResponseFrame.Encode(
        response, context.Header.CorrelationId, context.Version, ResponseHeader.IsFlexible(ApiKey, context.Version >= FirstFlexibleVersion), ResponseCapacity);
}
