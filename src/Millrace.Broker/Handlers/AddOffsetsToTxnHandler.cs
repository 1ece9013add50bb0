using Millrace.Broker.Log;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>AddOffsetsToTxn 0–4 (KIP-98; KIP-588: PRODUCER_FENCED from 2 on): the group's partition of <c>__consumer_offsets</c> joins the transaction.</summary>
internal sealed class AddOffsetsToTxnHandler(BrokerContext broker) : RequestHandler<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse>
{
    private const short FirstFencedVersion = 2;

    protected override async ValueTask<AddOffsetsToTxnResponse?> HandleAsync(AddOffsetsToTxnRequest request, RequestContext context)
    {
        if (request.GroupId.Length == 0) return new AddOffsetsToTxnResponse { ErrorCode = ErrorCode.InvalidGroupId };
        var groups = broker.Coordinators.Groups;
        await groups.Log.EnsureCreatedAsync(context.Aborted);
        var partition = new TopicPartition(groups.Log.Topic, groups.PartitionFor(request.GroupId));
        var error = await broker.Coordinators.Transactions.AddPartitionsAsync(
            request.TransactionalId, request.ProducerId, request.ProducerEpoch, [partition]);
        return new AddOffsetsToTxnResponse { ErrorCode = TransactionErrors.Fenced(error, context.Version >= FirstFencedVersion) };
    }
}
