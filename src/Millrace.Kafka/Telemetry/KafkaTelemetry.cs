using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Confluent.Kafka;

namespace Millrace.Kafka.Telemetry;

/// <summary>
/// Traces and metrics by OpenTelemetry's messaging conventions. Listen with <c>AddSource(KafkaTelemetry.Name)</c> and
/// <c>AddMeter(KafkaTelemetry.Name)</c>. Trace context travels in W3C headers.
/// </summary>
public static class KafkaTelemetry
{
    /// <summary>The name of the activity source and the meter.</summary>
    public const string Name = "Millrace.Kafka";

    /// <summary>The header of the trace context.</summary>
    public const string TraceParent = "traceparent";

    /// <summary>The header of the vendors' part of the trace context.</summary>
    public const string TraceState = "tracestate";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Sent = Meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Records sent, by outcome.");
    private static readonly Counter<long> Consumed = Meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Records given to handlers.");
    private static readonly Histogram<double> SendDuration = Meter.CreateHistogram<double>("messaging.client.operation.duration", "s", "From send to acknowledgement.");
    private static readonly Histogram<double> ProcessDuration = Meter.CreateHistogram<double>("messaging.process.duration", "s", "From delivery to completion, retries included.");
    private static readonly Counter<long> Retries = Meter.CreateCounter<long>("millrace.kafka.retries", "{attempt}", "Attempts of handlers that are repeated.");
    private static readonly Counter<long> DeadLetters = Meter.CreateCounter<long>("millrace.kafka.dead_letters", "{message}", "Records sent to dead-letter topics.");

    internal static Activity? StartSend(string topic, string clientId)
    {
        var activity = Source.StartActivity($"send {topic}", ActivityKind.Producer);
        Tag(activity, topic, "send", "send");
        activity?.SetTag("messaging.client.id", clientId);
        return activity;
    }

    internal static Activity? StartProcess(string topic, string group, ActivityContext parent)
    {
        var activity = Source.StartActivity($"process {topic}", ActivityKind.Consumer, parent);
        Tag(activity, topic, "process", "process");
        activity?.SetTag("messaging.consumer.group.name", group);
        return activity;
    }

    internal static void Inject(Activity? activity, Headers headers)
    {
        var current = activity ?? Activity.Current;
        if (current is not { IdFormat: ActivityIdFormat.W3C, Id: { } id })
            return;
        headers.Remove(TraceParent);
        headers.Add(TraceParent, Encoding.ASCII.GetBytes(id));
        if (string.IsNullOrEmpty(current.TraceStateString))
            return;
        headers.Remove(TraceState);
        headers.Add(TraceState, Encoding.ASCII.GetBytes(current.TraceStateString));
    }

    internal static ActivityContext Extract(Consuming.RecordHeaders headers)
    {
        if (!headers.TryGet("traceparent"u8, out var parent))
            return default;
        var state = headers.TryGet("tracestate"u8, out var bytes) ? Encoding.ASCII.GetString(bytes) : null;
        return ActivityContext.TryParse(Encoding.ASCII.GetString(parent), state, isRemote: true, out var context) ? context : default;
    }

    internal static void SendDone(Activity? activity, string topic, long started, DeliveryResult<byte[], byte[]>? result, Exception? error)
    {
        var tags = Tags(topic, "send", error);
        Sent.Add(1, tags);
        SendDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, tags);
        activity?.SetTag("messaging.destination.partition.id", result?.Partition.Value);
        activity?.SetTag("messaging.kafka.offset", result?.Offset.Value);
        Fail(activity, error);
    }

    internal static void ProcessDone(Activity? activity, string topic, string group, long started, int records, Exception? error)
    {
        var tags = Tags(topic, "process", error);
        tags.Add("messaging.consumer.group.name", group);
        Consumed.Add(records, tags);
        ProcessDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, tags);
        Fail(activity, error);
    }

    internal static void Retried(string topic, string group) => Retries.Add(1, Tags(topic, "process", null, group));

    internal static void DeadLettered(string topic, string group, Exception cause) => DeadLetters.Add(1, Tags(topic, "process", cause, group));

    private static TagList Tags(string topic, string operation, Exception? error, string? group = null)
    {
        var tags = new TagList
        {
            { "messaging.system", "kafka" },
            { "messaging.destination.name", topic },
            { "messaging.operation.name", operation },
        };
        if (group is not null)
            tags.Add("messaging.consumer.group.name", group);
        if (error is not null)
            tags.Add("error.type", error.GetType().FullName);
        return tags;
    }

    private static void Tag(Activity? activity, string topic, string operation, string type)
    {
        if (activity is null)
            return;
        activity.SetTag("messaging.system", "kafka");
        activity.SetTag("messaging.destination.name", topic);
        activity.SetTag("messaging.operation.name", operation);
        activity.SetTag("messaging.operation.type", type);
    }

    private static void Fail(Activity? activity, Exception? error)
    {
        if (error is null)
            return;
        activity?.SetTag("error.type", error.GetType().FullName);
        activity?.SetStatus(ActivityStatusCode.Error, error.Message);
    }
}
