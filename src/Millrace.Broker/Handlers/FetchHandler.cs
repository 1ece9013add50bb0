using Millrace.Broker.Log;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>
/// Fetch 4–18 (KIP-74 limits, KIP-98 read_committed, KIP-320 leader epochs, KIP-516 topic ids). Waits until there are min_bytes or max_wait_ms
/// have passed. No fetch sessions (KIP-227): the session id is 0, and every request names all its partitions.
/// </summary>
internal sealed class FetchHandler(BrokerContext broker) : RequestHandler<FetchRequest, FetchResponse>
{
    protected override async ValueTask<FetchResponse?> HandleAsync(FetchRequest request, RequestContext context)
    {
        if (request.SessionId != 0) return new FetchResponse { ErrorCode = ErrorCode.FetchSessionIdNotFound };
        var read = new FetchRead(broker, request, context);
        read.Run();
        if (!read.IsEnough && request.MaxWaitMs > 0) await WaitAsync(read, request, context.Aborted);
        return read.Complete(context);
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
