using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>The response that refuses a whole request: the error stands wherever that API has a place for one, once for each thing that was asked.</summary>
internal static class ErrorResponses
{
    /// <summary>Makes the response's frame.</summary>
    /// <returns>Null where the API has no such response here.</returns>
    public static EncodedMessage? Create(RequestContext context, IRequestHandler handler, ErrorCode error)
    {
        if (Response(context, error) is not { } response) return null;
        bool flexible = ResponseHeader.IsFlexible(handler.ApiKey, context.Version >= handler.FirstFlexibleVersion);
        if (response is IThrottledResponse throttled) throttled.ThrottleTimeMs = context.ThrottleTimeMs;
        return ResponseFrame.Encode(response, context.Header.CorrelationId, context.Version, flexible, capacity: 256);
    }

    private static IKafkaMessage? Response(RequestContext context, ErrorCode error) => context.Header.ApiKey switch
    {
        ApiKey.Produce => Of(context.Read<ProduceRequest>(), error),
        ApiKey.Fetch => Of(context.Read<FetchRequest>(), context.Version, error),
        ApiKey.ListOffsets => Of(context.Read<ListOffsetsRequest>(), error),
        ApiKey.OffsetForLeaderEpoch => Of(context.Read<OffsetForLeaderEpochRequest>(), error),
        ApiKey.Metadata => Of(context.Read<MetadataRequest>(), error),
        ApiKey.FindCoordinator => Of(context.Read<FindCoordinatorRequest>(), error),
        ApiKey.OffsetCommit => Of(context.Read<OffsetCommitRequest>(), error),
        ApiKey.TxnOffsetCommit => Of(context.Read<TxnOffsetCommitRequest>(), error),
        ApiKey.OffsetFetch => Of(context.Read<OffsetFetchRequest>(), context.Version, error),
        ApiKey.AddPartitionsToTxn => Of(context.Read<AddPartitionsToTxnRequest>(), error),
        ApiKey.DescribeGroups => new DescribeGroupsResponse { Groups = [.. context.Read<DescribeGroupsRequest>().Groups.Select(g => new DescribeGroupsResponse.DescribedGroup { GroupId = g, ErrorCode = error })] },
        ApiKey.DeleteGroups => new DeleteGroupsResponse { Results = [.. context.Read<DeleteGroupsRequest>().GroupsNames.Select(g => new DeleteGroupsResponse.DeletableGroupResult { GroupId = g, ErrorCode = error })] },
        ApiKey.CreateTopics => new CreateTopicsResponse { Topics = [.. context.Read<CreateTopicsRequest>().Topics.Select(t => new CreateTopicsResponse.CreatableTopicResult { Name = t.Name, ErrorCode = error })] },
        ApiKey.DeleteTopics => Of(context.Read<DeleteTopicsRequest>(), error),
        ApiKey.JoinGroup => new JoinGroupResponse { ErrorCode = error, ProtocolName = "", MemberId = context.Read<JoinGroupRequest>().MemberId },
        ApiKey.ConsumerGroupHeartbeat => new ConsumerGroupHeartbeatResponse { ErrorCode = error, ErrorMessage = error.Text() },
        ApiKey.ConsumerGroupDescribe => new ConsumerGroupDescribeResponse { Groups = [.. context.Read<ConsumerGroupDescribeRequest>().GroupIds.Select(g => new ConsumerGroupDescribeResponse.DescribedGroup { GroupId = g, ErrorCode = error })] },
        ApiKey.ShareGroupHeartbeat => new ShareGroupHeartbeatResponse { ErrorCode = error, ErrorMessage = error.Text() },
        ApiKey.ShareGroupDescribe => new ShareGroupDescribeResponse { Groups = [.. context.Read<ShareGroupDescribeRequest>().GroupIds.Select(g => new ShareGroupDescribeResponse.DescribedGroup { GroupId = g, ErrorCode = error })] },
        ApiKey.ShareFetch => new ShareFetchResponse { ErrorCode = error, ErrorMessage = error.Text() },
        ApiKey.ShareAcknowledge => new ShareAcknowledgeResponse { ErrorCode = error, ErrorMessage = error.Text() },
        ApiKey.SyncGroup => new SyncGroupResponse { ErrorCode = error },
        ApiKey.Heartbeat => new HeartbeatResponse { ErrorCode = error },
        ApiKey.LeaveGroup => new LeaveGroupResponse { ErrorCode = error },
        ApiKey.ListGroups => new ListGroupsResponse { ErrorCode = error },
        ApiKey.OffsetDelete => new OffsetDeleteResponse { ErrorCode = error },
        ApiKey.InitProducerId => new InitProducerIdResponse { ErrorCode = error },
        ApiKey.AddOffsetsToTxn => new AddOffsetsToTxnResponse { ErrorCode = error },
        ApiKey.EndTxn => new EndTxnResponse { ErrorCode = error },
        ApiKey.ApiVersions => new ApiVersionsResponse { ErrorCode = error },
        _ => null,
    };

    private static ProduceResponse? Of(ProduceRequest request, ErrorCode error) => request.Acks == 0 ? null : new ProduceResponse
    {
        Responses =
        [
            .. request.TopicData.Select(t => new ProduceResponse.TopicProduceResponse
            {
                Name = t.Name, TopicId = t.TopicId, PartitionResponses = [.. t.PartitionData.Select(p => new ProduceResponse.PartitionProduceResponse { Index = p.Index, ErrorCode = error, BaseOffset = -1 })],
            }),
        ],
    };

    private static FetchResponse Of(FetchRequest request, short version, ErrorCode error)
    {
        const short firstWithTopLevelError = 7;
        var response = new FetchResponse { ErrorCode = version >= firstWithTopLevelError ? error : ErrorCode.None };
        foreach (var topic in request.Topics)
        {
            response.Responses.Add(new()
            {
                Topic = topic.Topic,
                TopicId = topic.TopicId,
                Partitions = [.. topic.Partitions.Select(p => new FetchResponse.PartitionData { PartitionIndex = p.Partition, ErrorCode = error, HighWatermark = -1 })],
            });
        }

        return response;
    }

    private static ListOffsetsResponse Of(ListOffsetsRequest request, ErrorCode error) => new()
    {
        Topics =
        [
            .. request.Topics.Select(t => new ListOffsetsResponse.ListOffsetsTopicResponse
            {
                Name = t.Name, Partitions = [.. t.Partitions.Select(p => new ListOffsetsResponse.ListOffsetsPartitionResponse { PartitionIndex = p.PartitionIndex, ErrorCode = error })],
            }),
        ],
    };

    private static OffsetForLeaderEpochResponse Of(OffsetForLeaderEpochRequest request, ErrorCode error) => new()
    {
        Topics =
        [
            .. request.Topics.Select(t => new OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult
            {
                Topic = t.Topic, Partitions = [.. t.Partitions.Select(p => new OffsetForLeaderEpochResponse.EpochEndOffset { Partition = p.Partition, ErrorCode = error })],
            }),
        ],
    };

    private static MetadataResponse Of(MetadataRequest request, ErrorCode error) => new()
    {
        ErrorCode = error,
        Topics = [.. (request.Topics ?? []).Select(t => new MetadataResponse.MetadataResponseTopic { Name = t.Name ?? "", TopicId = t.TopicId, ErrorCode = error })],
    };

    private static FindCoordinatorResponse Of(FindCoordinatorRequest request, ErrorCode error) => new()
    {
        ErrorCode = error,
        NodeId = -1,
        Port = -1,
        Coordinators = [.. request.CoordinatorKeys.Select(k => new FindCoordinatorResponse.Coordinator { Key = k, ErrorCode = error, NodeId = -1, Port = -1 })],
    };

    private static OffsetCommitResponse Of(OffsetCommitRequest request, ErrorCode error) => new()
    {
        Topics =
        [
            .. request.Topics.Select(t => new OffsetCommitResponse.OffsetCommitResponseTopic
            {
                Name = t.Name, TopicId = t.TopicId, Partitions = [.. t.Partitions.Select(p => new OffsetCommitResponse.OffsetCommitResponsePartition { PartitionIndex = p.PartitionIndex, ErrorCode = error })],
            }),
        ],
    };

    private static TxnOffsetCommitResponse Of(TxnOffsetCommitRequest request, ErrorCode error) => new()
    {
        Topics =
        [
            .. request.Topics.Select(t => new TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic
            {
                Name = t.Name, Partitions = [.. t.Partitions.Select(p => new TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition { PartitionIndex = p.PartitionIndex, ErrorCode = error })],
            }),
        ],
    };

    private static OffsetFetchResponse Of(OffsetFetchRequest request, short version, ErrorCode error)
    {
        const short firstWithTopLevelError = 2;
        var response = new OffsetFetchResponse { ErrorCode = error, Groups = [.. request.Groups.Select(g => new OffsetFetchResponse.OffsetFetchResponseGroup { GroupId = g.GroupId, ErrorCode = error })] };
        if (version >= firstWithTopLevelError) return response;
        foreach (var topic in request.Topics ?? [])
        {
            response.Topics.Add(new()
            {
                Name = topic.Name,
                Partitions = [.. topic.PartitionIndexes.Select(i => new OffsetFetchResponse.OffsetFetchResponsePartition { PartitionIndex = i, CommittedOffset = -1, ErrorCode = error, Metadata = "" })],
            });
        }

        return response;
    }

    private static AddPartitionsToTxnResponse Of(AddPartitionsToTxnRequest request, ErrorCode error) => new()
    {
        ErrorCode = error,
        ResultsByTopicV3AndBelow =
        [
            .. request.V3AndBelowTopics.Select(t => new AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult
            {
                Name = t.Name,
                ResultsByPartition = [.. t.Partitions.Select(p => new AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult { PartitionIndex = p, PartitionErrorCode = error })],
            }),
        ],
    };

    private static DeleteTopicsResponse Of(DeleteTopicsRequest request, ErrorCode error) => new()
    {
        Responses =
        [
            .. request.Topics.Select(t => new DeleteTopicsResponse.DeletableTopicResult { Name = t.Name, TopicId = t.TopicId, ErrorCode = error }),
            .. request.TopicNames.Select(n => new DeleteTopicsResponse.DeletableTopicResult { Name = n, ErrorCode = error }),
        ],
    };
}
