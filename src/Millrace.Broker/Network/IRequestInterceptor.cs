using Millrace.Protocol;

namespace Millrace.Broker.Network;

/// <summary>Stands between a connection and the handlers: what a cluster in a test records and misbehaves with.</summary>
internal interface IRequestInterceptor
{
    /// <summary>Handles the request, or does something else with it.</summary>
    ValueTask<InterceptedResponse> HandleAsync(RequestContext context, IRequestHandler handler);
}

/// <summary>What becomes of a request.</summary>
/// <param name="Response">The response frame; null where none is sent.</param>
/// <param name="SendBytes">How many of its bytes are sent before the connection is closed; null sends it whole and goes on.</param>
internal readonly record struct InterceptedResponse(EncodedMessage? Response, int? SendBytes = null);
