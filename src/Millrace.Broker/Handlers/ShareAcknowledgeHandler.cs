using Millrace.Broker.Network;
using Millrace.Broker.Sharing;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>ShareAcknowledge 1–2 (KIP-932; KIP-1222: from 2 on a lock can be renewed): a member says what became of records. Epoch -1 ends its session.</summary>
internal sealed class ShareAcknowledgeHandler(BrokerContext broker) : RequestHandler<ShareAcknowledgeRequest, ShareAcknowledgeResponse>
{
    protected override async ValueTask<ShareAcknowledgeResponse?> HandleAsync(ShareAcknowledgeRequest request, RequestContext context)
    {
        try
        {
            if (string.IsNullOrEmpty(request.GroupId) || string.IsNullOrEmpty(request.MemberId)) throw new RequestFailedException(ErrorCode.InvalidRequest, "The group id and the member id can't be empty.");
            if (request.ShareSessionEpoch == ShareSessions.NewEpoch) throw new RequestFailedException(ErrorCode.InvalidShareSessionEpoch, "A share session does not begin with acknowledgements.");
            var sharing = broker.Coordinators.Sharing;
            var session = sharing.Sessions.Continue(new(context.Connection.NodeId, request.GroupId, request.MemberId), request.ShareSessionEpoch, context.Connection.Id);
            var response = new ShareAcknowledgeResponse { AcquisitionLockTimeoutMs = sharing.Partitions.SettingsOf(request.GroupId).LockDurationMs };
            foreach (var topic in request.Topics)
            {
                var answer = new ShareAcknowledgeResponse.ShareAcknowledgeTopicResponse { TopicId = topic.TopicId };
                response.Responses.Add(answer);
                foreach (var partition in topic.Partitions)
                {
                    var outcome = await ShareAcknowledgements.TakeAsync(
                        broker,
                        context,
                        new ShareKey(request.GroupId, topic.TopicId, partition.PartitionIndex),
                        request.MemberId,
                        partition.AcknowledgementBatches.ConvertAll(static b => new AcknowledgementBatch(b.FirstOffset, b.LastOffset, b.AcknowledgeTypes)),
                        request.IsRenewAck);
                    answer.Partitions.Add(new() { PartitionIndex = partition.PartitionIndex, ErrorCode = outcome.Error, ErrorMessage = outcome.Message, CurrentLeader = new() { LeaderId = context.Connection.NodeId } });
                }
            }

            if (request.ShareSessionEpoch == ShareSessions.FinalEpoch) await sharing.Sessions.CloseAsync(session);
            return response;
        }
        catch (RequestFailedException e)
        {
            return new ShareAcknowledgeResponse { ErrorCode = e.Error, ErrorMessage = e.Message };
        }
    }
}
