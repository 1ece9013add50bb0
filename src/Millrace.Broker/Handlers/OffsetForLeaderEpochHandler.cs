using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>OffsetForLeaderEpoch 2–4 (KIP-279, KIP-320): where a leader epoch ends, so that a client can tell whether its log was cut.</summary>
internal sealed class OffsetForLeaderEpochHandler(BrokerContext broker) : RequestHandler<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>
{
    protected override ValueTask<OffsetForLeaderEpochResponse?> HandleAsync(OffsetForLeaderEpochRequest request, RequestContext context)
    {
        var response = new OffsetForLeaderEpochResponse();
        foreach (var topic in request.Topics)
        {
            var answered = new OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult { Topic = topic.Topic };
            foreach (var partition in topic.Partitions) answered.Partitions.Add(Find(topic.Topic, partition, context));
            response.Topics.Add(answered);
        }

        return new(response);
    }

    private OffsetForLeaderEpochResponse.EpochEndOffset Find(string topic, OffsetForLeaderEpochRequest.OffsetForLeaderPartition asked, RequestContext context)
    {
        var answer = new OffsetForLeaderEpochResponse.EpochEndOffset { Partition = asked.Partition };
        var log = broker.Topics.FindPartition(topic, asked.Partition);
        answer.ErrorCode = log is null ? ErrorCode.UnknownTopicOrPartition : LeaderEpochs.Check(log, asked.CurrentLeaderEpoch);
        if (log is not null && answer.ErrorCode == ErrorCode.None) answer.ErrorCode = broker.CheckLeader(context, log);
        if (log is null || answer.ErrorCode != ErrorCode.None) return answer;
        var end = log.OffsetForLeaderEpoch(asked.LeaderEpoch);
        answer.LeaderEpoch = end.LeaderEpoch;
        answer.EndOffset = end.EndOffset;
        return answer;
    }
}
