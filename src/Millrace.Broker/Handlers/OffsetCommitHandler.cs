using Millrace.Broker.Groups;
using Millrace.Broker.Log;
using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// OffsetCommit 2–10 (KIP-211: own retention only in 2 to 4; KIP-320 leader epochs from 6; KIP-345 from 7; KIP-848: topic ids from 10). Acknowledged means in the
/// log. Each partition succeeds or fails for itself, but those that are accepted are written as one batch.
/// </summary>
internal sealed class OffsetCommitHandler(BrokerContext broker) : RequestHandler<OffsetCommitRequest, OffsetCommitResponse>
{
    private const short FirstTopicIdVersion = 10;
    private const short FirstMemberEpochVersion = 9;

    protected override async ValueTask<OffsetCommitResponse?> HandleAsync(OffsetCommitRequest request, RequestContext context)
    {
        var response = new OffsetCommitResponse();
        List<OffsetToCommit> offsets = [];
        List<OffsetCommitResponse.OffsetCommitResponsePartition> answers = [];
        foreach (var asked in request.Topics)
        {
            var byId = context.Version >= FirstTopicIdVersion;
            var topic = byId ? broker.Topics.Find(asked.TopicId) : broker.Topics.Find(asked.Name);
            var answered = new OffsetCommitResponse.OffsetCommitResponseTopic { Name = asked.Name, TopicId = asked.TopicId };
            response.Topics.Add(answered);
            foreach (var partition in asked.Partitions)
            {
                var answer = new OffsetCommitResponse.OffsetCommitResponsePartition { PartitionIndex = partition.PartitionIndex };
                answered.Partitions.Add(answer);
                if (topic?.Partition(partition.PartitionIndex) is null)
                {
                    answer.ErrorCode = byId && topic is null ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
                    continue;
                }

                answers.Add(answer);
                offsets.Add(ToCommit(request, topic, partition));
            }
        }

        if (offsets.Count == 0) return response;
        var who = new MemberIdentity(request.MemberId, request.GroupInstanceId, request.GenerationIdOrMemberEpoch);
        var errors = await broker.Coordinators.Groups.CommitAsync(request.GroupId, who, offsets, context.Version >= FirstMemberEpochVersion);
        for (var i = 0; i < answers.Count; i++) answers[i].ErrorCode = errors[i];
        return response;
    }

    private static OffsetToCommit ToCommit(OffsetCommitRequest request, Topic topic, OffsetCommitRequest.OffsetCommitRequestPartition partition) => new(
        new TopicPartition(topic.Name, partition.PartitionIndex), partition.CommittedOffset, partition.CommittedLeaderEpoch, partition.CommittedMetadata)
    {
        RetentionMs = request.RetentionTimeMs < 0 ? null : request.RetentionTimeMs,
    };
}
