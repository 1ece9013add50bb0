using Millrace.Broker.Groups.Share;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>ShareGroupHeartbeat 1 (KIP-932): a member joins, says what it reads, and learns which partitions it is to fetch from.</summary>
internal sealed class ShareGroupHeartbeatHandler(BrokerContext broker) : RequestHandler<ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse>
{
    private const int LeavingEpoch = -1;

    protected override async ValueTask<ShareGroupHeartbeatResponse?> HandleAsync(ShareGroupHeartbeatRequest request, RequestContext context)
    {
        try
        {
            Require(request.GroupId.Length > 0, "GroupId can't be empty.");
            Require(request.MemberId.Length > 0, "MemberId can't be empty.");
            Require(request.RackId is not "", "RackId can't be empty.");
            Require(request.MemberEpoch >= LeavingEpoch, "MemberEpoch is invalid.");
            Require(request.MemberEpoch != 0 || request.SubscribedTopicNames is { Count: > 0 }, "SubscribedTopicNames must be set in first request.");
            var result = await broker.Coordinators.Groups.HeartbeatAsync(new ShareHeartbeat(
                request.GroupId, request.MemberId, request.MemberEpoch, request.RackId, request.SubscribedTopicNames, context.ClientId, "/" + context.Connection.RemoteAddress));
            return new ShareGroupHeartbeatResponse
            {
                MemberId = result.MemberId,
                MemberEpoch = result.Epoch,
                HeartbeatIntervalMs = result.HeartbeatIntervalMs,
                Assignment = result.Assignment is not { } assignment ? null : new ShareGroupHeartbeatResponse.AssignmentData
                {
                    TopicPartitions =
                    [
                        .. assignment.OrderBy(static p => p.Partition).GroupBy(static p => p.TopicId)
                            .Select(static t => new ShareGroupHeartbeatResponse.TopicPartitions { TopicId = t.Key, Partitions = [.. t.Select(static p => p.Partition)] }),
                    ],
                },
            };
        }
        catch (RequestFailedException e)
        {
            return new ShareGroupHeartbeatResponse { ErrorCode = e.Error, ErrorMessage = e.Message };
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition) throw new RequestFailedException(ErrorCode.InvalidRequest, message);
    }
}
