using Millrace.Broker.Groups.Consumer;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>ConsumerGroupDescribe 0–1 (KIP-848; KIP-1099: from 1 on whether a member speaks the classic protocol).</summary>
internal sealed class ConsumerGroupDescribeHandler(BrokerContext broker) : RequestHandler<ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse>
{
    private const sbyte ClassicMember = 0;
    private const sbyte ConsumerMember = 1;

    protected override async ValueTask<ConsumerGroupDescribeResponse?> HandleAsync(ConsumerGroupDescribeRequest request, RequestContext context)
    {
        var response = new ConsumerGroupDescribeResponse();
        foreach (var groupId in request.GroupIds)
        {
            var described = await DescribeAsync(groupId);
            if (request.IncludeAuthorizedOperations && described.ErrorCode == ErrorCode.None) described.AuthorizedOperations = AuthorizedOperations.Group;
            response.Groups.Add(described);
        }

        return response;
    }

    private async ValueTask<ConsumerGroupDescribeResponse.DescribedGroup> DescribeAsync(string groupId)
    {
        try
        {
            if (groupId.Length == 0) throw new RequestFailedException(ErrorCode.InvalidGroupId, "The group id can't be empty.");
            var group = await broker.Coordinators.Groups.DescribeConsumerGroupAsync(groupId);
            return new ConsumerGroupDescribeResponse.DescribedGroup
            {
                GroupId = groupId,
                GroupState = group.State,
                GroupEpoch = group.Epoch,
                AssignmentEpoch = group.AssignmentEpoch,
                AssignorName = group.Assignor,
                Members = [.. group.Members.Select(m => ToMember(m.Member, m.Target))],
            };
        }
        catch (RequestFailedException e)
        {
            return new ConsumerGroupDescribeResponse.DescribedGroup { GroupId = groupId, ErrorCode = e.Error, ErrorMessage = e.Message };
        }
    }

    private ConsumerGroupDescribeResponse.Member ToMember(ConsumerGroupMember member, IReadOnlySet<TopicIdPartition> target) => new()
    {
        MemberId = member.MemberId,
        InstanceId = member.InstanceId,
        RackId = member.RackId,
        MemberEpoch = member.Epoch,
        ClientId = member.ClientId,
        ClientHost = member.ClientHost,
        SubscribedTopicNames = [.. member.Topics],
        SubscribedTopicRegex = member.Regex,
        Assignment = ToAssignment(member.Assigned.Keys),
        TargetAssignment = ToAssignment(target),
        MemberType = member.UsesClassicProtocol ? ClassicMember : ConsumerMember,
    };

    private ConsumerGroupDescribeResponse.Assignment ToAssignment(IEnumerable<TopicIdPartition> partitions) => new()
    {
        TopicPartitions =
        [
            .. partitions.OrderBy(static p => p.Partition)
                .GroupBy(static p => p.TopicId)
                .Select(group => (Topic: broker.Topics.Find(group.Key), Partitions: group))
                .Where(static t => t.Topic is not null)
                .Select(static t => new ConsumerGroupDescribeResponse.TopicPartitions
                {
                    TopicId = t.Topic!.Id, TopicName = t.Topic.Name, Partitions = [.. t.Partitions.Select(static p => p.Partition)],
                }),
        ],
    };
}
