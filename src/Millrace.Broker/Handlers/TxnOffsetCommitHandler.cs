using Millrace.Broker.Groups;
using Millrace.Broker.Log;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// TxnOffsetCommit 0–4 (KIP-98; KIP-447: member and generation from 3 on; KIP-890: TRANSACTION_ABORTABLE from 4 on). The offsets count when the transaction commits.
/// 5 is transactions V2.
/// </summary>
internal sealed class TxnOffsetCommitHandler(BrokerContext broker) : RequestHandler<TxnOffsetCommitRequest, TxnOffsetCommitResponse>
{
    private const short FirstAbortableVersion = 4;

    public override short HighestVersion => 4;

    protected override async ValueTask<TxnOffsetCommitResponse?> HandleAsync(TxnOffsetCommitRequest request, RequestContext context)
    {
        var response = new TxnOffsetCommitResponse();
        List<OffsetToCommit> offsets = [];
        List<TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition> answers = [];
        foreach (var topic in request.Topics)
        {
            var answered = new TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic { Name = topic.Name };
            response.Topics.Add(answered);
            foreach (var partition in topic.Partitions)
            {
                var answer = new TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition { PartitionIndex = partition.PartitionIndex };
                answered.Partitions.Add(answer);
                if (broker.Topics.FindPartition(topic.Name, partition.PartitionIndex) is null)
                {
                    answer.ErrorCode = ErrorCode.UnknownTopicOrPartition;
                    continue;
                }

                answers.Add(answer);
                offsets.Add(new OffsetToCommit(
                    new TopicPartition(topic.Name, partition.PartitionIndex),
                    partition.CommittedOffset,
                    partition.CommittedLeaderEpoch,
                    partition.CommittedMetadata));
            }
        }

        if (offsets.Count == 0) return response;
        var errors = await broker.Coordinators.Groups.CommitInTransactionAsync(
            request.GroupId,
            new MemberIdentity(request.MemberId, request.GroupInstanceId, request.GenerationId),
            new OffsetTransaction(request.TransactionalId, request.ProducerId, request.ProducerEpoch),
            offsets,
            broker.Coordinators.Transactions);
        for (var i = 0; i < answers.Count; i++)
        {
            answers[i].ErrorCode = TransactionErrors.OfWrite(errors[i], context.Version >= FirstAbortableVersion);
        }

        return response;
    }
}
