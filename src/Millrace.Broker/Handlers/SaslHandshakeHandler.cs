using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>SaslHandshake 0–1 (KIP-43, KIP-152): refused, as the listener is PLAINTEXT. Clients show ILLEGAL_SASL_STATE as "SASL is not enabled here".</summary>
internal sealed class SaslHandshakeHandler : RequestHandler<SaslHandshakeRequest, SaslHandshakeResponse>
{
    protected override ValueTask<SaslHandshakeResponse?> HandleAsync(SaslHandshakeRequest request, RequestContext context) =>
        new(new SaslHandshakeResponse { ErrorCode = ErrorCode.IllegalSaslState });
}
