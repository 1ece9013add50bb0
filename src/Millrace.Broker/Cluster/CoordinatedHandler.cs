using Millrace.Broker.Handlers;
using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Cluster;

/// <summary>Refuses what has come to a node that does not coordinate the group or the transactional id: the client asks FindCoordinator again.</summary>
internal sealed class CoordinatedHandler(IRequestHandler handler, BrokerContext broker) : IRequestHandler
{
    public ApiKey ApiKey => handler.ApiKey;

    public short LowestVersion => handler.LowestVersion;

    public short HighestVersion => handler.HighestVersion;

    public short FirstFlexibleVersion => handler.FirstFlexibleVersion;

    /// <summary>Guards a handler if its API is a coordinator's.</summary>
    public static IRequestHandler Guard(IRequestHandler handler, BrokerContext broker) =>
        broker.Cluster is not null && IsCoordinated(handler.ApiKey) ? new CoordinatedHandler(handler, broker) : handler;

    public ValueTask<EncodedMessage?> HandleAsync(RequestContext context)
    {
        foreach (var (topic, key) in Keys(context))
        {
            var coordinator = broker.CoordinatorOf(topic, key);
            if (coordinator?.NodeId == context.Connection.NodeId) continue;
            return new(ErrorResponses.Create(context, handler, coordinator is null ? ErrorCode.CoordinatorNotAvailable : ErrorCode.NotCoordinator));
        }

        return handler.HandleAsync(context);
    }

    private static bool IsCoordinated(ApiKey key) => key is ApiKey.JoinGroup or ApiKey.SyncGroup or ApiKey.Heartbeat or ApiKey.LeaveGroup or ApiKey.OffsetCommit or ApiKey.OffsetFetch
        or ApiKey.OffsetDelete or ApiKey.DescribeGroups or ApiKey.DeleteGroups or ApiKey.TxnOffsetCommit or ApiKey.InitProducerId or ApiKey.AddPartitionsToTxn or ApiKey.AddOffsetsToTxn or ApiKey.EndTxn
        or ApiKey.ConsumerGroupHeartbeat or ApiKey.ConsumerGroupDescribe
        or ApiKey.ShareGroupHeartbeat or ApiKey.ShareGroupDescribe;

    private IEnumerable<(string Topic, string Key)> Keys(RequestContext context) => ApiKey switch
    {
        ApiKey.InitProducerId => Transactions(context.Read<InitProducerIdRequest>().TransactionalId),
        ApiKey.AddOffsetsToTxn => Transactions(context.Read<AddOffsetsToTxnRequest>().TransactionalId),
        ApiKey.EndTxn => Transactions(context.Read<EndTxnRequest>().TransactionalId),
        ApiKey.AddPartitionsToTxn => Transactions([.. context.Read<AddPartitionsToTxnRequest>() is { } r ? r.Transactions.Select(static t => t.TransactionalId).Append(r.V3AndBelowTransactionalId) : []]),
        ApiKey.DescribeGroups => Groups([.. context.Read<DescribeGroupsRequest>().Groups]),
        ApiKey.DeleteGroups => Groups([.. context.Read<DeleteGroupsRequest>().GroupsNames]),
        ApiKey.OffsetFetch => Groups([.. context.Read<OffsetFetchRequest>() is { } r ? r.Groups.Select(static g => g.GroupId).Append(r.GroupId) : []]),
        ApiKey.ConsumerGroupHeartbeat => Groups(context.Read<ConsumerGroupHeartbeatRequest>().GroupId),
        ApiKey.ConsumerGroupDescribe => Groups([.. context.Read<ConsumerGroupDescribeRequest>().GroupIds]),
        ApiKey.ShareGroupHeartbeat => Groups(context.Read<ShareGroupHeartbeatRequest>().GroupId),
        ApiKey.ShareGroupDescribe => Groups([.. context.Read<ShareGroupDescribeRequest>().GroupIds]),
        ApiKey.JoinGroup => Groups(context.Read<JoinGroupRequest>().GroupId),
        ApiKey.SyncGroup => Groups(context.Read<SyncGroupRequest>().GroupId),
        ApiKey.Heartbeat => Groups(context.Read<HeartbeatRequest>().GroupId),
        ApiKey.LeaveGroup => Groups(context.Read<LeaveGroupRequest>().GroupId),
        ApiKey.OffsetCommit => Groups(context.Read<OffsetCommitRequest>().GroupId),
        ApiKey.OffsetDelete => Groups(context.Read<OffsetDeleteRequest>().GroupId),
        ApiKey.TxnOffsetCommit => Groups(context.Read<TxnOffsetCommitRequest>().GroupId),
        _ => [],
    };

    // An empty id is no id: the version has its ids elsewhere, or the producer has no transactions.
    private static IEnumerable<(string Topic, string Key)> Transactions(params string?[] ids) => ids.Where(static i => !string.IsNullOrEmpty(i)).Select(static i => (TopicNames.TransactionState, i!));

    private static IEnumerable<(string Topic, string Key)> Groups(params string[] ids) => ids.Where(static i => i.Length > 0).Select(static i => (TopicNames.ConsumerOffsets, i));
}
