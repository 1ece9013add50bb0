using Millrace.Broker.Log;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>ListOffsets 1–11 (KIP-79, KIP-734 max timestamp, KIP-405 and KIP-1005 tiered storage, which is answered as "nothing is tiered").</summary>
internal sealed class ListOffsetsHandler(BrokerContext broker) : RequestHandler<ListOffsetsRequest, ListOffsetsResponse>
{
    private const long Latest = -1;
    private const long Earliest = -2;
    private const long MaxTimestamp = -3;
    private const long EarliestLocal = -4;
    private const long LatestTiered = -5;
    private const long EarliestPendingUpload = -6;

    protected override ValueTask<ListOffsetsResponse?> HandleAsync(ListOffsetsRequest request, RequestContext context)
    {
        var response = new ListOffsetsResponse();
        bool committed = request.IsolationLevel == (sbyte)IsolationLevel.ReadCommitted;
        foreach (var topic in request.Topics)
        {
            var answered = new ListOffsetsResponse.ListOffsetsTopicResponse { Name = topic.Name };
            foreach (var partition in topic.Partitions) answered.Partitions.Add(Find(topic.Name, partition, committed, context));
            response.Topics.Add(answered);
        }

        return new(response);
    }

    private ListOffsetsResponse.ListOffsetsPartitionResponse Find(string topic, ListOffsetsRequest.ListOffsetsPartition asked, bool committed, RequestContext context)
    {
        var answer = new ListOffsetsResponse.ListOffsetsPartitionResponse { PartitionIndex = asked.PartitionIndex };
        var log = broker.Topics.FindPartition(topic, asked.PartitionIndex);
        answer.ErrorCode = log is null ? ErrorCode.UnknownTopicOrPartition : LeaderEpochs.Check(log, asked.CurrentLeaderEpoch);
        if (log is not null && answer.ErrorCode == ErrorCode.None) answer.ErrorCode = broker.CheckLeader(context, log);
        if (log is null || answer.ErrorCode != ErrorCode.None) return answer;
        long end = committed ? log.LastStableOffset : log.HighWatermark;
        var found = Find(log, asked.Timestamp, end);
        if (found is not { } position) return answer;
        answer.Timestamp = position.Timestamp;
        answer.Offset = position.Offset;
        answer.LeaderEpoch = position.LeaderEpoch;
        return answer;
    }

    private static TimestampedOffset? Find(PartitionLog log, long timestamp, long end)
    {
        switch (timestamp)
        {
            case Latest:
                return new(-1, end, log.LeaderEpoch);
            case Earliest or EarliestLocal or EarliestPendingUpload:
                return new(-1, log.LogStartOffset, log.LeaderEpoch);
            case LatestTiered:
                return null;
            default:
                var found = timestamp == MaxTimestamp ? log.OffsetOfMaxTimestamp() : log.OffsetForTimestamp(timestamp);
                return found is { } position && position.Offset < end ? position : null;
        }
    }
}
