namespace Millrace.Streams.Kafka;

/// <summary>Which time a sink's records carry in Kafka.</summary>
public enum RecordTimestamps
{
    /// <summary>
    /// The event time of the result, as Flink's sink does it: for a window its last millisecond. Readers that take event time from records see what happened when, but a topic's
    /// <c>retention.ms</c> counts from it too: results of a replay of old events may be deleted at the broker's next look, unread.
    /// </summary>
    EventTime,

    /// <summary>The time of writing: retention counts from there. Readers must take event time from the value or a header.</summary>
    ProcessingTime,
}
