using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// InitProducerId 0–5 (KIP-98; KIP-360: a producer bumps its own epoch from 3 on; KIP-588: PRODUCER_FENCED from 4 on). 6 would announce two-phase commit (KIP-939).
/// </summary>
internal sealed class InitProducerIdHandler(BrokerContext broker) : RequestHandler<InitProducerIdRequest, InitProducerIdResponse>
{
    private const short FirstFencedVersion = 4;

    public override short HighestVersion => 5;

    protected override async ValueTask<InitProducerIdResponse?> HandleAsync(InitProducerIdRequest request, RequestContext context)
    {
        // Both or none: an epoch without an id, or an id without an epoch, names nobody.
        if (request.ProducerId < 0 != request.ProducerEpoch < 0) return Answer(ErrorCode.InvalidRequest, -1, -1);
        (long, short)? expected = request.ProducerId < 0 ? null : (request.ProducerId, request.ProducerEpoch);
        var result = await broker.Coordinators.Transactions.InitProducerIdAsync(request.TransactionalId, request.TransactionTimeoutMs, expected);
        return Answer(TransactionErrors.Fenced(result.Error, context.Version >= FirstFencedVersion), result.ProducerId, result.ProducerEpoch);
    }

    private static InitProducerIdResponse Answer(ErrorCode error, long producerId, short producerEpoch) =>
        new() { ErrorCode = error, ProducerId = producerId, ProducerEpoch = producerEpoch };
}
