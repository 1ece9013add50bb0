using Millrace.Broker.Log;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// AddPartitionsToTxn 0–3 (KIP-98; KIP-588: PRODUCER_FENCED from 2 on): all partitions or none. From 4 on the API is for brokers among themselves.
/// </summary>
internal sealed class AddPartitionsToTxnHandler(BrokerContext broker) : RequestHandler<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse>
{
    private const short FirstFencedVersion = 2;

    public override short HighestVersion => 3;

    protected override async ValueTask<AddPartitionsToTxnResponse?> HandleAsync(AddPartitionsToTxnRequest request, RequestContext context)
    {
        List<TopicPartition> partitions =
            [.. request.V3AndBelowTopics.SelectMany(static t => t.Partitions.Select(p => new TopicPartition(t.Name, p)))];
        var unknown = partitions.Where(p => broker.Topics.FindPartition(p.Topic, p.Partition) is null).ToHashSet();
        var error = ErrorCode.OperationNotAttempted;
        if (unknown.Count == 0)
        {
            error = TransactionErrors.Fenced(
                await broker.Coordinators.Transactions.AddPartitionsAsync(
                    request.V3AndBelowTransactionalId, request.V3AndBelowProducerId, request.V3AndBelowProducerEpoch, partitions),
                context.Version >= FirstFencedVersion);
        }

        return new AddPartitionsToTxnResponse
        {
            ResultsByTopicV3AndBelow =
            [
                .. request.V3AndBelowTopics.Select(topic => new AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult
                {
                    Name = topic.Name,
                    ResultsByPartition =
                    [
                        .. topic.Partitions.Select(p => new AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult
                        {
                            PartitionIndex = p,
                            PartitionErrorCode = unknown.Contains(new TopicPartition(topic.Name, p)) ? ErrorCode.UnknownTopicOrPartition : error,
                        }),
                    ],
                }),
            ],
        };
    }
}
