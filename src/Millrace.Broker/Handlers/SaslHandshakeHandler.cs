using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>SaslHandshake 0–1 (KIP-43, KIP-152, KIP-368): chooses the mechanism. Where the listener has no SASL, clients show ILLEGAL_SASL_STATE as "SASL is not enabled here".</summary>
internal sealed class SaslHandshakeHandler : RequestHandler<SaslHandshakeRequest, SaslHandshakeResponse>
{
    protected override ValueTask<SaslHandshakeResponse?> HandleAsync(SaslHandshakeRequest request, RequestContext context)
    {
        if (context.Connection.Sasl is not { } session) return new(new SaslHandshakeResponse { ErrorCode = ErrorCode.IllegalSaslState });
        var response = session.Handshake(request.Mechanism, context.Version, out bool closes);
        context.ClosesConnection = closes;
        return new(response);
    }
}
