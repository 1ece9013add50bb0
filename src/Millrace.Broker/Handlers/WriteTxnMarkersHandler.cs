using Millrace.Broker.Log;
using Millrace.Broker.Network;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// WriteTxnMarkers 1 (KIP-98, KIP-664): between brokers the coordinator's end markers; here only an administrator uses it, to end a transaction that hangs in a
/// partition. 2 is transactions V2.
/// </summary>
internal sealed class WriteTxnMarkersHandler(BrokerContext broker) : RequestHandler<WriteTxnMarkersRequest, WriteTxnMarkersResponse>
{
    public override short HighestVersion => 1;

    protected override async ValueTask<WriteTxnMarkersResponse?> HandleAsync(WriteTxnMarkersRequest request, RequestContext context)
    {
        var response = new WriteTxnMarkersResponse();
        foreach (var marker in request.Markers)
        {
            var result = new WriteTxnMarkersResponse.WritableTxnMarkerResult { ProducerId = marker.ProducerId };
            response.Markers.Add(result);
            foreach (var topic in marker.Topics)
            {
                var answered = new WriteTxnMarkersResponse.WritableTxnMarkerTopicResult { Name = topic.Name };
                result.Topics.Add(answered);
                foreach (var partition in topic.PartitionIndexes)
                {
                    var error = await broker.Coordinators.Transactions.WriteMarkerAsync(
                        new TopicPartition(topic.Name, partition), marker.ProducerId, marker.ProducerEpoch, marker.CoordinatorEpoch, marker.TransactionResult);
                    answered.Partitions.Add(new() { PartitionIndex = partition, ErrorCode = error });
                }
            }
        }

        return response;
    }
}
