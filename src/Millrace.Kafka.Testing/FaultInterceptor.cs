using Millrace.Broker.Handlers;
using Millrace.Broker.Network;
using Millrace.Protocol;

namespace Millrace.Kafka.Testing;

/// <summary>Records every request, and lets the script strike it.</summary>
internal sealed class FaultInterceptor(FaultScript script, RequestLog requests, TimeProvider time) : IRequestInterceptor
{
    public async ValueTask<InterceptedResponse> HandleAsync(RequestContext context, IRequestHandler handler)
    {
        var fault = script.Take(context.Header.ApiKey, context.Connection.NodeId, context.ClientId);
        requests.Add(new(context.Header.ApiKey, context.Version, context.ClientId, context.Connection.NodeId, time.GetUtcNow(), fault?.Description));
        if (fault is null) return new(await handler.HandleAsync(context).ConfigureAwait(false));
        var outcome = fault.Outcome;
        switch (outcome.Kind)
        {
            case FaultKind.Delay:
                await Task.Delay(outcome.Time, time, context.Aborted).ConfigureAwait(false);
                return new(await handler.HandleAsync(context).ConfigureAwait(false));
            case FaultKind.Throttle:
                context.ThrottleTimeMs = (int)outcome.Time.TotalMilliseconds;
                return new(await handler.HandleAsync(context).ConfigureAwait(false));
            case FaultKind.Drop:
                return new(outcome.Applies ? await handler.HandleAsync(context).ConfigureAwait(false) : null, outcome.Bytes);
            default:
                if (outcome.Applies) (await handler.HandleAsync(context).ConfigureAwait(false))?.Dispose();
                return ErrorResponses.Create(context, handler, outcome.Error) is { } response ? new(response) : new(null, SendBytes: 0);
        }
    }
}
