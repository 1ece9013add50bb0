using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// FindCoordinator 0–5 (KIP-98: transactional ids from 1 on; KIP-699: several keys from 4 on). This broker coordinates everything; the internal topic is created
/// before the first answer, as a client may at once ask for its partitions. 6 would announce share groups.
/// </summary>
internal sealed class FindCoordinatorHandler(BrokerContext broker) : RequestHandler<FindCoordinatorRequest, FindCoordinatorResponse>
{
    private const int Group = 0;
    private const int Transaction = 1;
    private const short FirstBatchedVersion = 4;

    public override short HighestVersion => 5;

    protected override async ValueTask<FindCoordinatorResponse?> HandleAsync(FindCoordinatorRequest request, RequestContext context)
    {
        var error = await PrepareAsync(request.KeyType, context);
        var message = error == ErrorCode.None ? "" : $"there is no coordinator for keys of type {request.KeyType}";
        var (id, host, port) = error == ErrorCode.None ? (broker.Node.NodeId, broker.Node.Host, broker.Node.Port) : (-1, "", -1);
        if (context.Version < FirstBatchedVersion)
        {
            return new FindCoordinatorResponse { ErrorCode = error, ErrorMessage = message, NodeId = id, Host = host, Port = port };
        }

        return new FindCoordinatorResponse
        {
            Coordinators =
            [
                .. request.CoordinatorKeys.Select(key => new FindCoordinatorResponse.Coordinator
                {
                    Key = key,
                    NodeId = id,
                    Host = host,
                    Port = port,
                    ErrorCode = error,
                    ErrorMessage = message,
                }),
            ],
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
            default:
                return ErrorCode.InvalidRequest;
        }
    }
}
