using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>SaslAuthenticate 0–2 (KIP-152; KIP-368: the session's lifetime from 1 on): one token of the mechanism that the handshake has chosen.</summary>
internal sealed class SaslAuthenticateHandler : RequestHandler<SaslAuthenticateRequest, SaslAuthenticateResponse>
{
    protected override async ValueTask<SaslAuthenticateResponse?> HandleAsync(SaslAuthenticateRequest request, RequestContext context)
    {
        if (context.Connection.Sasl is not { } session)
            return new SaslAuthenticateResponse { ErrorCode = ErrorCode.IllegalSaslState, ErrorMessage = "SASL is not enabled on this listener", AuthBytes = [] };
        var response = await session.AuthenticateAsync(request.AuthBytes, context.Aborted);
        context.Connection.Principal = session.Principal;
        context.ClosesConnection = session.HasFailed;
        return response;
    }
}
