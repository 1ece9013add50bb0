using Millrace.Broker.Network;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// EndTxn 0–4 (KIP-98; KIP-588: PRODUCER_FENCED from 2 on). When it answers, the markers are written: readers of committed records see all at once. 5 is
/// transactions V2.
/// </summary>
internal sealed class EndTxnHandler(BrokerContext broker) : RequestHandler<EndTxnRequest, EndTxnResponse>
{
    private const short FirstFencedVersion = 2;

    public override short HighestVersion => 4;

    protected override async ValueTask<EndTxnResponse?> HandleAsync(EndTxnRequest request, RequestContext context)
    {
        var error = await broker.Coordinators.Transactions.EndAsync(
            request.TransactionalId, request.ProducerId, request.ProducerEpoch, request.Committed);
        return new EndTxnResponse { ErrorCode = TransactionErrors.Fenced(error, context.Version >= FirstFencedVersion) };
    }
}
