using Millrace.Broker.Log;
using Millrace.Broker.Network;
using Millrace.Broker.Sharing;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// ShareFetch 1–2 (KIP-932; from 2 on KIP-1206 strict numbers of records and KIP-1222 renewed locks): takes a member's answers, then gives it records, for which it waits if need be. Epoch 0
/// begins a session, -1 ends it.
/// </summary>
internal sealed class ShareFetchHandler(BrokerContext broker) : RequestHandler<ShareFetchRequest, ShareFetchResponse>
{
    private const sbyte StrictMode = 1;

    private Sharing.ShareCoordination Sharing => broker.Coordinators.Sharing;

    protected override async ValueTask<ShareFetchResponse?> HandleAsync(ShareFetchRequest request, RequestContext context)
    {
        try
        {
            return await ServeAsync(request, context);
        }
        catch (RequestFailedException e)
        {
            return new ShareFetchResponse { ErrorCode = e.Error, ErrorMessage = e.Message };
        }
    }

    private async ValueTask<ShareFetchResponse> ServeAsync(ShareFetchRequest request, RequestContext context)
    {
        if (string.IsNullOrEmpty(request.GroupId) || string.IsNullOrEmpty(request.MemberId)) throw new RequestFailedException(ErrorCode.InvalidRequest, "The group id and the member id can't be empty.");
        if (request.IsRenewAck && (request.MaxBytes != 0 || request.MinBytes != 0 || request.MaxRecords != 0 || request.MaxWaitMs != 0))
            throw new RequestFailedException(ErrorCode.InvalidRequest, "A request that renews locks fetches nothing.");
        var isNew = request.ShareSessionEpoch == ShareSessions.NewEpoch;
        if (isNew && request.Topics.Any(static t => t.Partitions.Any(static p => p.AcknowledgementBatches.Count > 0)))
            throw new RequestFailedException(ErrorCode.InvalidRequest, "A share session does not begin with acknowledgements.");
        var key = new ShareSessionKey(context.Connection.NodeId, request.GroupId, request.MemberId);
        var session = isNew ? await Sharing.Sessions.OpenAsync(key, context.Connection) : Sharing.Sessions.Continue(key, request.ShareSessionEpoch, context.Connection.Id);
        var answers = new ShareFetchAnswers(context.Connection.NodeId);
        foreach (var (topicId, partition) in request.Topics.SelectMany(static t => t.Partitions.Where(static p => p.AcknowledgementBatches.Count > 0).Select(p => (t.TopicId, Partition: p))))
        {
            var batches = partition.AcknowledgementBatches.ConvertAll(static b => new AcknowledgementBatch(b.FirstOffset, b.LastOffset, b.AcknowledgeTypes));
            answers.Acknowledged(topicId, partition.PartitionIndex, await ShareAcknowledgements.TakeAsync(
                broker, context, new ShareKey(request.GroupId, topicId, partition.PartitionIndex), request.MemberId, batches, request.IsRenewAck));
        }

        if (request.ShareSessionEpoch == ShareSessions.FinalEpoch)
        {
            await Sharing.Sessions.CloseAsync(session);
        }
        else
        {
            var partitions = session.Change(
                request.Topics.SelectMany(static t => t.Partitions.Select(p => (t.TopicId, p.PartitionIndex))),
                request.ForgottenTopicsData.SelectMany(static t => t.Partitions.Select(p => (t.TopicId, p))));
            if (request is { MaxRecords: > 0, MaxBytes: > 0 }) await FetchAsync(request, partitions, answers, context);
        }

        var response = answers.Response;
        response.AcquisitionLockTimeoutMs = Sharing.Partitions.SettingsOf(request.GroupId).LockDurationMs;
        return response;
    }

    private async ValueTask FetchAsync(ShareFetchRequest request, IReadOnlyList<(Guid TopicId, int Partition)> wanted, ShareFetchAnswers answers, RequestContext context)
    {
        List<SharePartition> partitions = [];
        foreach (var (topicId, index) in wanted)
        {
            try
            {
                var partition = Sharing.Partitions.Get(new ShareKey(request.GroupId!, topicId, index));
                var leader = broker.CheckLeader(context, partition.Log);
                if (leader == ErrorCode.None) partitions.Add(partition);
                else answers.Failed(topicId, index, leader, null);
            }
            catch (RequestFailedException e)
            {
                answers.Failed(topicId, index, e.Error, e.Message);
            }
        }

        long started = broker.Time.GetTimestamp();
        var limit = TimeSpan.FromMilliseconds(request.MaxWaitMs);
        using var waiter = new DataWaiter();
        foreach (var partition in partitions) waiter.Add(partition.Log);
        foreach (var partition in partitions) partition.Watch(waiter);
        try
        {
            while (true)
            {
                // After all is watched, not before: what comes in between is not missed.
                var left = limit - broker.Time.GetElapsedTime(started);
                if (left <= TimeSpan.Zero || await HasEnoughAsync(partitions, request)) await TakeAsync(partitions, request, answers, context);
                if (answers.HasNews || left <= TimeSpan.Zero || partitions.Count == 0) return;
                await waiter.WaitAsync(left, broker.Time, context.Aborted);
            }
        }
        finally
        {
            foreach (var partition in partitions) partition.Unwatch(waiter);
        }
    }

    private static async ValueTask<bool> HasEnoughAsync(List<SharePartition> partitions, ShareFetchRequest request)
    {
        if (request.MinBytes <= 1) return true;
        var bytes = 0L;
        foreach (var partition in partitions)
        {
            try
            {
                bytes += await partition.PeekAsync(request.MaxBytes);
            }
            catch (RequestFailedException)
            {
                return true;
            }
        }

        return bytes >= request.MinBytes;
    }

    private async ValueTask TakeAsync(List<SharePartition> partitions, ShareFetchRequest request, ShareFetchAnswers answers, RequestContext context)
    {
        var bytes = Math.Min(request.MaxBytes, broker.Options.MaxFetchBytes);
        var records = request.MaxRecords;
        for (var i = 0; i < partitions.Count && records > 0; i++)
        {
            var partition = partitions[i];
            try
            {
                var limit = new AcquireLimit(records, request.ShareAcquireMode == StrictMode);
                var read = await partition.FetchAsync(request.MemberId!, Math.Max(bytes, 0) / (partitions.Count - i), limit, minOne: !answers.HasRecords);
                context.RegisterForDispose(read);
                if (read.Error is not (ErrorCode.None or ErrorCode.OffsetOutOfRange)) answers.Failed(partition.Key.TopicId, partition.Key.Partition, read.Error, null);
                if (read.Acquired.Count == 0) continue;
                answers.Fetched(partition.Key, read, request.BatchSize);
                bytes -= read.Records.Length;
                records -= (int)Math.Min(records, read.Acquired.Sum(static a => a.Last - a.First + 1));
            }
            catch (RequestFailedException e)
            {
                answers.Failed(partition.Key.TopicId, partition.Key.Partition, e.Error, e.Message);
            }
        }
    }
}
