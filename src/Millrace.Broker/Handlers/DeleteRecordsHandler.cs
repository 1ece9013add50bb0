using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>DeleteRecords 0–2 (KIP-107): moves the log start offset on; −1 is the high watermark.</summary>
internal sealed class DeleteRecordsHandler(BrokerContext broker) : RequestHandler<DeleteRecordsRequest, DeleteRecordsResponse>
{
    private const long HighWatermark = -1;

    protected override async ValueTask<DeleteRecordsResponse?> HandleAsync(DeleteRecordsRequest request, RequestContext context)
    {
        var response = new DeleteRecordsResponse();
        foreach (var topic in request.Topics)
        {
            var answered = new DeleteRecordsResponse.DeleteRecordsTopicResult { Name = topic.Name };
            foreach (var partition in topic.Partitions) answered.Partitions.Add(await DeleteAsync(topic.Name, partition, context));
            response.Topics.Add(answered);
        }

        return response;
    }

    private async ValueTask<DeleteRecordsResponse.DeleteRecordsPartitionResult> DeleteAsync(string topic, DeleteRecordsRequest.DeleteRecordsPartition asked, RequestContext context)
    {
        var result = new DeleteRecordsResponse.DeleteRecordsPartitionResult { PartitionIndex = asked.PartitionIndex, LowWatermark = -1 };
        if (broker.Topics.FindPartition(topic, asked.PartitionIndex) is not { } log)
        {
            result.ErrorCode = ErrorCode.UnknownTopicOrPartition;
            return result;
        }

        result.ErrorCode = broker.CheckLeader(context, log);
        if (result.ErrorCode != ErrorCode.None) return result;
        if (log.Config is { Compact: true, Delete: false })
        {
            result.ErrorCode = ErrorCode.PolicyViolation;
            return result;
        }

        long offset = asked.Offset == HighWatermark ? log.HighWatermark : asked.Offset;
        if (offset < 0 || offset > log.HighWatermark) result.ErrorCode = ErrorCode.OffsetOutOfRange;
        else result.LowWatermark = await log.DeleteRecordsBeforeAsync(offset);
        return result;
    }
}
