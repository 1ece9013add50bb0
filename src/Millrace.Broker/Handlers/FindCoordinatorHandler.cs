using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// FindCoordinator 0–6 (KIP-98: transactional ids from 1 on; KIP-699: several keys from 4 on; KIP-932: share partitions from 6 on). One node coordinates everything; the internal topic is created
/// before the first answer, as a client may at once ask for its partitions.
/// </summary>
internal sealed class FindCoordinatorHandler(BrokerContext broker) : RequestHandler<FindCoordinatorRequest, FindCoordinatorResponse>
{
    private const int Group = 0;
    private const int Transaction = 1;
    private const int Share = 2;
    private const short FirstBatchedVersion = 4;
    private const short FirstShareVersion = 6;

    protected override async ValueTask<FindCoordinatorResponse?> HandleAsync(FindCoordinatorRequest request, RequestContext context)
    {
        var error = await PrepareAsync(request.KeyType, context);
        if (context.Version < FirstBatchedVersion)
        {
            var only = Find(request.KeyType, request.Key, error, context);
            return new FindCoordinatorResponse { ErrorCode = only.ErrorCode, ErrorMessage = only.ErrorMessage, NodeId = only.NodeId, Host = only.Host, Port = only.Port };
        }

        return new FindCoordinatorResponse { Coordinators = [.. request.CoordinatorKeys.Select(key => Find(request.KeyType, key, error, context))] };
    }

    private FindCoordinatorResponse.Coordinator Find(sbyte keyType, string key, ErrorCode error, RequestContext context)
    {
        var node = error == ErrorCode.None ? broker.CoordinatorOf(TopicOf(keyType), key) : null;
        node = node?.On(context.Connection.Listener);
        if (node is not null) return new() { Key = key, NodeId = node.NodeId, Host = node.Host, Port = node.Port, ErrorMessage = "" };
        return new()
        {
            Key = key,
            NodeId = -1,
            Port = -1,
            ErrorCode = error == ErrorCode.None ? ErrorCode.CoordinatorNotAvailable : error,
            ErrorMessage = error == ErrorCode.None ? "no broker that runs has the coordinator's partition" : $"there is no coordinator for keys of type {keyType}",
        };
    }

    private async ValueTask<ErrorCode> PrepareAsync(sbyte keyType, RequestContext context)
    {
        switch (keyType)
        {
            case Group:
                await broker.Coordinators.Groups.Log.EnsureCreatedAsync(context.Aborted);
                return ErrorCode.None;
            case Transaction:
                await broker.Coordinators.Transactions.Log.EnsureCreatedAsync(context.Aborted);
                return ErrorCode.None;
            case Share when context.Version >= FirstShareVersion:
                await broker.Coordinators.Sharing.Store.Log.EnsureCreatedAsync(context.Aborted);
                return ErrorCode.None;
            default:
                return ErrorCode.InvalidRequest;
        }
    }

    private static string TopicOf(sbyte keyType) => keyType switch
    {
        Group => TopicNames.ConsumerOffsets,
        Transaction => TopicNames.TransactionState,
        _ => TopicNames.ShareGroupState,
    };
}
