using Millrace.Broker.Groups;
using Millrace.Broker.Log;
using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// OffsetFetch 1–10 (all partitions by null from 2, KIP-320 leader epochs from 5, KIP-447 stable offsets from 7, KIP-709 several groups from 8, topic ids from 10).
/// A group that is not known has no offsets: -1 and no error.
/// </summary>
internal sealed class OffsetFetchHandler(BrokerContext broker) : RequestHandler<OffsetFetchRequest, OffsetFetchResponse>
{
    private const short FirstBatchedVersion = 8;
    private const short FirstTopicIdVersion = 10;

    protected override async ValueTask<OffsetFetchResponse?> HandleAsync(OffsetFetchRequest request, RequestContext context)
    {
        var response = new OffsetFetchResponse();
        if (context.Version < FirstBatchedVersion)
        {
            await FetchAsync(request, response);
            return response;
        }

        foreach (var group in request.Groups) response.Groups.Add(await FetchAsync(group, request.RequireStable, context.Version >= FirstTopicIdVersion));
        return response;
    }

    private async ValueTask FetchAsync(OffsetFetchRequest request, OffsetFetchResponse response)
    {
        IReadOnlyList<TopicPartition>? wanted = request.Topics is null
            ? null
            : [.. request.Topics.SelectMany(static t => t.PartitionIndexes.Select(p => new TopicPartition(t.Name, p)))];
        var offsets = await broker.Coordinators.Groups.FetchOffsetsAsync(request.GroupId, wanted, request.RequireStable);
        foreach (var topic in offsets.GroupBy(static o => o.Partition.Topic, StringComparer.Ordinal))
        {
            response.Topics.Add(new OffsetFetchResponse.OffsetFetchResponseTopic
            {
                Name = topic.Key,
                Partitions =
                [
                    .. topic.Select(static o => new OffsetFetchResponse.OffsetFetchResponsePartition
                    {
                        PartitionIndex = o.Partition.Partition,
                        CommittedOffset = o.Offset,
                        CommittedLeaderEpoch = o.LeaderEpoch,
                        Metadata = o.Metadata,
                        ErrorCode = o.Error,
                    }),
                ],
            });
        }
    }

    private async ValueTask<OffsetFetchResponse.OffsetFetchResponseGroup> FetchAsync(
        OffsetFetchRequest.OffsetFetchRequestGroup group, bool requireStable, bool byId)
    {
        var answer = new OffsetFetchResponse.OffsetFetchResponseGroup { GroupId = group.GroupId };
        List<TopicPartition>? wanted = group.Topics is null ? null : [];
        foreach (var topic in group.Topics ?? [])
        {
            var name = byId ? broker.Topics.Find(topic.TopicId)?.Name : topic.Name;
            if (name is null)
            {
                answer.Topics.Add(Unknown(topic));
            }
            else
            {
                wanted!.AddRange(topic.PartitionIndexes.Select(p => new TopicPartition(name, p)));
            }
        }

        IReadOnlyList<FetchedOffset> offsets;
        try
        {
            offsets = await broker.Coordinators.Groups.FetchOffsetsAsync(group.GroupId, wanted, requireStable, group.MemberId, group.MemberEpoch);
        }
        catch (RequestFailedException e)
        {
            return new OffsetFetchResponse.OffsetFetchResponseGroup { GroupId = group.GroupId, ErrorCode = e.Error };
        }

        foreach (var topic in offsets.GroupBy(static o => o.Partition.Topic, StringComparer.Ordinal))
        {
            var known = broker.Topics.Find(topic.Key);
            if (byId && known is null) continue;
            answer.Topics.Add(ToAnswer(topic, known));
        }

        return answer;
    }

    private static OffsetFetchResponse.OffsetFetchResponseTopics ToAnswer(IGrouping<string, FetchedOffset> topic, Topic? known) => new()
    {
        Name = topic.Key,
        TopicId = known?.Id ?? Guid.Empty,
        Partitions =
        [
            .. topic.Select(static o => new OffsetFetchResponse.OffsetFetchResponsePartitions
            {
                PartitionIndex = o.Partition.Partition,
                CommittedOffset = o.Offset,
                CommittedLeaderEpoch = o.LeaderEpoch,
                Metadata = o.Metadata,
                ErrorCode = o.Error,
            }),
        ],
    };

    private static OffsetFetchResponse.OffsetFetchResponseTopics Unknown(OffsetFetchRequest.OffsetFetchRequestTopics topic) => new()
    {
        TopicId = topic.TopicId,
        Partitions =
        [
            .. topic.PartitionIndexes.Select(static p => new OffsetFetchResponse.OffsetFetchResponsePartitions
            {
                PartitionIndex = p,
                CommittedOffset = -1,
                Metadata = "",
                ErrorCode = ErrorCode.UnknownTopicId,
            }),
        ],
    };
}
