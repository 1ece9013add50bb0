using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>DescribeProducers 0 (KIP-664): the producers that a partition remembers, and their open transactions.</summary>
internal sealed class DescribeProducersHandler(BrokerContext broker) : RequestHandler<DescribeProducersRequest, DescribeProducersResponse>
{
    protected override ValueTask<DescribeProducersResponse?> HandleAsync(DescribeProducersRequest request, RequestContext context)
    {
        var response = new DescribeProducersResponse();
        foreach (var topic in request.Topics)
        {
            var answered = new DescribeProducersResponse.TopicResponse { Name = topic.Name };
            foreach (int index in topic.PartitionIndexes) answered.Partitions.Add(Describe(topic.Name, index));
            response.Topics.Add(answered);
        }

        return new(response);
    }

    private DescribeProducersResponse.PartitionResponse Describe(string topic, int index)
    {
        var described = new DescribeProducersResponse.PartitionResponse { PartitionIndex = index };
        if (broker.Topics.FindPartition(topic, index) is not { } log)
        {
            described.ErrorCode = ErrorCode.UnknownTopicOrPartition;
            described.ErrorMessage = described.ErrorCode.Text();
            return described;
        }

        foreach (var producer in log.ActiveProducers())
        {
            described.ActiveProducers.Add(new()
            {
                ProducerId = producer.ProducerId,
                ProducerEpoch = producer.ProducerEpoch,
                LastSequence = producer.LastSequence,
                LastTimestamp = producer.LastTimestamp,
                CoordinatorEpoch = producer.CoordinatorEpoch,
                CurrentTxnStartOffset = producer.CurrentTransactionStartOffset,
            });
        }

        return described;
    }
}
