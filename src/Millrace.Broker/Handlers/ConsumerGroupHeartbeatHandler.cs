using Millrace.Broker.Groups.Consumer;
using Millrace.Broker.Groups.Consumer.Assignors;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// ConsumerGroupHeartbeat 0–1 (KIP-848; from 1 on regular expressions, and the member makes its id itself): a member joins, says what it reads and owns, and learns
/// what it is to own.
/// </summary>
internal sealed class ConsumerGroupHeartbeatHandler(BrokerContext broker) : RequestHandler<ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse>
{
    private const short FirstOwnMemberIdVersion = 1;

    protected override async ValueTask<ConsumerGroupHeartbeatResponse?> HandleAsync(ConsumerGroupHeartbeatRequest request, RequestContext context)
    {
        try
        {
            Validate(request, context.Version);
            var result = await broker.Coordinators.Groups.HeartbeatAsync(ToCommand(request, context));
            return new ConsumerGroupHeartbeatResponse
            {
                MemberId = result.MemberId,
                MemberEpoch = result.Epoch,
                HeartbeatIntervalMs = result.HeartbeatIntervalMs,
                Assignment = result.Assignment is null ? null : ToAssignment(result.Assignment),
            };
        }
        catch (RequestFailedException e)
        {
            return new ConsumerGroupHeartbeatResponse { ErrorCode = e.Error, ErrorMessage = e.Message };
        }
    }

    private static ConsumerHeartbeat ToCommand(ConsumerGroupHeartbeatRequest request, RequestContext context) => new()
    {
        GroupId = request.GroupId,
        MemberId = request.MemberId,
        Epoch = request.MemberEpoch,
        InstanceId = request.InstanceId,
        RackId = request.RackId,
        RebalanceTimeoutMs = request.RebalanceTimeoutMs,
        Topics = request.SubscribedTopicNames,
        Regex = request.SubscribedTopicRegex,
        ServerAssignor = request.ServerAssignor,
        Owned = request.TopicPartitions?.SelectMany(static t => t.Partitions.Select(p => new TopicIdPartition(t.TopicId, p))).ToList(),
        ClientId = context.ClientId,
        ClientHost = "/" + context.Connection.RemoteAddress,
    };

    private static ConsumerGroupHeartbeatResponse.AssignmentData ToAssignment(IReadOnlyCollection<TopicIdPartition> partitions) => new()
    {
        TopicPartitions =
        [
            .. partitions.OrderBy(static p => p.Partition).GroupBy(static p => p.TopicId).Select(static topic => new ConsumerGroupHeartbeatResponse.TopicPartitions
            {
                TopicId = topic.Key, Partitions = [.. topic.Select(static p => p.Partition)],
            }),
        ],
    };

    private static void Validate(ConsumerGroupHeartbeatRequest request, short version)
    {
        Require(request.GroupId.Length > 0, "GroupId can't be empty.");
        Require(request.InstanceId is not "", "InstanceId can't be empty.");
        Require(request.RackId is not "", "RackId can't be empty.");
        Require(request.MemberId.Length > 0 || (request.MemberEpoch == 0 && version < FirstOwnMemberIdVersion), "MemberId can't be empty.");
        switch (request.MemberEpoch)
        {
            case > 0 or ConsumerGroupMember.LeavingEpoch:
                break;
            case 0:
                Require(request.RebalanceTimeoutMs != -1, "RebalanceTimeoutMs must be provided in first request.");
                Require(request.TopicPartitions is { Count: 0 }, "TopicPartitions must be empty when (re-)joining.");
                Require(
                    request.SubscribedTopicNames is not null || request.SubscribedTopicRegex is not null,
                    "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.");
                break;
            case ConsumerGroupMember.StaticLeavingEpoch:
                Require(request.InstanceId is not null, "InstanceId can't be null.");
                break;
            default:
                Require(false, "MemberEpoch is invalid.");
                break;
        }

        if (request.ServerAssignor is { } assignor && ServerAssignors.Find(assignor) is null)
        {
            throw new RequestFailedException(
                ErrorCode.UnsupportedAssignor,
                $"ServerAssignor {assignor} is not supported. Supported assignors: {string.Join(", ", ServerAssignors.All.Select(static a => a.Name))}.");
        }

        if (request.SubscribedTopicRegex is { Length: > 0 } regex && TopicRegex.TryParse(regex, out var problem) is null)
            throw new RequestFailedException(ErrorCode.InvalidRegularExpression, $"SubscribedTopicRegex `{regex}` is not a valid regular expression: {problem}.");
    }

    private static void Require(bool condition, string message)
    {
        if (!condition) throw new RequestFailedException(ErrorCode.InvalidRequest, message);
    }
}
