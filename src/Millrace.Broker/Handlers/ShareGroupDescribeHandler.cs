using Millrace.Broker.Groups.Share;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>ShareGroupDescribe 1 (KIP-932).</summary>
internal sealed class ShareGroupDescribeHandler(BrokerContext broker) : RequestHandler<ShareGroupDescribeRequest, ShareGroupDescribeResponse>
{
    protected override async ValueTask<ShareGroupDescribeResponse?> HandleAsync(ShareGroupDescribeRequest request, RequestContext context)
    {
        var response = new ShareGroupDescribeResponse();
        foreach (var groupId in request.GroupIds)
        {
            var described = await DescribeAsync(groupId);
            if (request.IncludeAuthorizedOperations && described.ErrorCode == ErrorCode.None) described.AuthorizedOperations = AuthorizedOperations.Group;
            response.Groups.Add(described);
        }

        return response;
    }

    private async ValueTask<ShareGroupDescribeResponse.DescribedGroup> DescribeAsync(string groupId)
    {
        try
        {
            if (groupId.Length == 0) throw new RequestFailedException(ErrorCode.InvalidGroupId, "The group id can't be empty.");
            var group = await broker.Coordinators.Groups.DescribeShareGroupAsync(groupId);
            return new()
            {
                GroupId = groupId,
                GroupState = group.State,
                GroupEpoch = group.Epoch,
                AssignmentEpoch = group.AssignmentEpoch,
                AssignorName = SimpleShareAssignor.Name,
                Members = [.. group.Members.Select(ToMember)],
            };
        }
        catch (RequestFailedException e)
        {
            return new() { GroupId = groupId, GroupState = "", AssignorName = "", ErrorCode = e.Error, ErrorMessage = e.Message };
        }
    }

    private ShareGroupDescribeResponse.Member ToMember(ShareGroupMember member) => new()
    {
        MemberId = member.MemberId,
        RackId = member.RackId,
        MemberEpoch = member.Epoch,
        ClientId = member.ClientId,
        ClientHost = member.ClientHost,
        SubscribedTopicNames = [.. member.Topics],
        Assignment = new()
        {
            TopicPartitions =
            [
                .. member.Assigned.OrderBy(static p => p.Partition).GroupBy(static p => p.TopicId)
                    .Select(t => (Topic: broker.Topics.Find(t.Key), Partitions: t))
                    .Where(static t => t.Topic is not null)
                    .Select(static t => new ShareGroupDescribeResponse.TopicPartitions { TopicId = t.Topic!.Id, TopicName = t.Topic.Name, Partitions = [.. t.Partitions.Select(static p => p.Partition)] }),
            ],
        },
    };
}
