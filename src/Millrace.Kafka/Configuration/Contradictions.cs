using System.Globalization;

namespace Millrace.Kafka.Configuration;

/// <summary>Settings that are each valid but do not go together. librdkafka finds some of these only at start, and some never.</summary>
internal static class Contradictions
{
    internal static void Check(IReadOnlyDictionary<string, string> native, bool ofFile, Action<string, string> error)
    {
        var idempotent = Is(native, "enable.idempotence", "true");
        var transactional = native.ContainsKey("transactional.id");
        if (transactional && Is(native, "enable.idempotence", "false"))
            error("enable.idempotence", "a transactional producer is always idempotent. Remove it, or remove transactional.id");
        var reason = idempotent ? "enable.idempotence=true" : transactional ? "transactional.id" : null;
        if (reason is not null)
        {
            if (native.TryGetValue("acks", out var acks) && acks is not ("all" or "-1"))
                error("acks", $"contradicts {reason}, which needs acks=all");
            if (Number(native, "retries") == 0)
                error("retries", $"contradicts {reason}, which needs at least 1");
            if (Number(native, "max.in.flight.requests.per.connection") > 5)
                error("max.in.flight.requests.per.connection", $"contradicts {reason}, which keeps order for at most 5");
        }

        if (Number(native, "heartbeat.interval.ms") is { } heartbeat && heartbeat >= (Number(native, "session.timeout.ms") ?? 45_000))
            error("heartbeat.interval.ms", "must be lower than session.timeout.ms, at best a third of it");
        if (Number(native, "max.poll.interval.ms") is { } poll && poll < (Number(native, "session.timeout.ms") ?? 45_000))
            error("max.poll.interval.ms", "must be at least session.timeout.ms");
        if (Number(native, "delivery.timeout.ms") is { } delivery and > 0 && Number(native, "linger.ms") is { } linger && delivery < linger)
            error("delivery.timeout.ms", "must be at least linger.ms, or records expire before they are sent");
        else if (ofFile && Number(native, "delivery.timeout.ms") is { } whole and > 0 && (Number(native, "linger.ms") ?? 5) + (Number(native, "request.timeout.ms") ?? 30_000) is var least && whole < least)
            error("delivery.timeout.ms", string.Create(CultureInfo.InvariantCulture, $"must be at least linger.ms + request.timeout.ms, which is {least}: Kafka's producer refuses less"));
        if (Number(native, "transaction.timeout.ms") is { } transaction && Number(native, "delivery.timeout.ms") is { } deliver && deliver > transaction && transactional)
            error("delivery.timeout.ms", "must be at most transaction.timeout.ms");
        if (Is(native, "group.protocol", "consumer"))
        {
            foreach (var key in (string[])["partition.assignment.strategy", "session.timeout.ms", "heartbeat.interval.ms"])
            {
                if (native.ContainsKey(key))
                    error(key, "contradicts group.protocol=consumer, where the broker decides it. Remove it");
            }
        }
        else if (native.ContainsKey("group.remote.assignor"))
        {
            error("group.remote.assignor", "needs group.protocol=consumer");
        }
    }

    private static bool Is(IReadOnlyDictionary<string, string> native, string key, string value) =>
        native.TryGetValue(key, out var actual) && string.Equals(actual, value, StringComparison.OrdinalIgnoreCase);

    private static double? Number(IReadOnlyDictionary<string, string> native, string key) =>
        native.TryGetValue(key, out var text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
