using Millrace.Broker.Fetching;
using Millrace.Broker.Log;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// Fetch 4–18 (KIP-74 limits, KIP-98 read_committed, KIP-227 sessions, KIP-320 leader epochs, KIP-516 topic ids). Waits until there are min_bytes or max_wait_ms
/// have passed. A session has a number and an epoch that counts its requests: epoch 0 asks for a new session, -1 for none.
/// </summary>
internal sealed class FetchHandler(BrokerContext broker) : RequestHandler<FetchRequest, FetchResponse>
{
    private const short FirstSessionVersion = 7;
    private const short FirstTopicIdVersion = 13;
    private const int NewSessionEpoch = 0;
    private const int NoSessionEpoch = -1;

    private readonly FetchSessionCache _sessions = new((int)broker.Options.Number("max.incremental.fetch.session.cache.slots", 1000), broker.Time);

    protected override async ValueTask<FetchResponse?> HandleAsync(FetchRequest request, RequestContext context) =>
        request.SessionEpoch is NewSessionEpoch or NoSessionEpoch || context.Version < FirstSessionVersion
            ? await FullAsync(request, context)
            : await IncrementalAsync(request, context);

    private async ValueTask<FetchResponse> FullAsync(FetchRequest request, RequestContext context)
    {
        if (request.SessionId != 0) _sessions.Remove(request.SessionId);
        List<FetchedPartition> partitions = [];
        foreach (var topic in request.Topics)
        {
            foreach (var asked in topic.Partitions) partitions.Add(new FetchedPartition(new FetchKey(topic.Topic, topic.TopicId, asked.Partition), asked));
        }

        var response = (await ReadAsync(request, partitions, context)).Complete(context, incremental: false);
        if (request.SessionEpoch == NewSessionEpoch && context.Version >= FirstSessionVersion && partitions.Count > 0)
            response.SessionId = _sessions.TryCreate(partitions, context.Version >= FirstTopicIdVersion)?.Id ?? 0;
        return response;
    }

    private async ValueTask<FetchResponse> IncrementalAsync(FetchRequest request, RequestContext context)
    {
        if (_sessions.Find(request.SessionId) is not { } session) return new FetchResponse { ErrorCode = ErrorCode.FetchSessionIdNotFound };
        var error = session.TryBegin(request, context.Version >= FirstTopicIdVersion, _sessions.NowMs, out var partitions);
        if (error != ErrorCode.None) return new FetchResponse { ErrorCode = error };
        var isOver = partitions.Count == 0;
        if (isOver) _sessions.Remove(session.Id);
        var read = await ReadAsync(request, partitions, context);
        var response = read.Complete(context, incremental: true);
        session.End(read.Served);
        response.SessionId = isOver ? 0 : session.Id;
        return response;
    }

    private async ValueTask<FetchRead> ReadAsync(FetchRequest request, IReadOnlyList<FetchedPartition> partitions, RequestContext context)
    {
        var read = new FetchRead(broker, request, partitions, context);
        read.Run();
        if (!read.IsEnough && request.MaxWaitMs > 0) await WaitAsync(read, request, context.Aborted);
        return read;
    }

    private async ValueTask WaitAsync(FetchRead read, FetchRequest request, CancellationToken cancellationToken)
    {
        long started = broker.Time.GetTimestamp();
        var limit = TimeSpan.FromMilliseconds(request.MaxWaitMs);
        using var waiter = new DataWaiter();
        foreach (var log in read.Logs) waiter.Add(log);
        while (true)
        {
            // After the logs are watched, not before: an append in between is not missed.
            read.Run();
            var left = limit - broker.Time.GetElapsedTime(started);
            if (read.IsEnough || left <= TimeSpan.Zero) return;
            await waiter.WaitAsync(left, broker.Time, cancellationToken);
        }
    }
}
