namespace Millrace.Kafka.DeadLetters;

/// <summary>Headers of a dead letter, beside the record's own. All values are text in UTF-8.</summary>
public static class DeadLetterHeaders
{
    /// <summary>The topic that the record comes from.</summary>
    public const string OriginalTopic = "dlt-original-topic";

    /// <summary>The partition there.</summary>
    public const string OriginalPartition = "dlt-original-partition";

    /// <summary>The offset there.</summary>
    public const string OriginalOffset = "dlt-original-offset";

    /// <summary>The record's timestamp there, in milliseconds since 1970.</summary>
    public const string OriginalTimestamp = "dlt-original-timestamp";

    /// <summary>The consumer group that failed.</summary>
    public const string ConsumerGroup = "dlt-consumer-group";

    /// <summary>The exception's full type name.</summary>
    public const string ExceptionType = "dlt-exception-type";

    /// <summary>The exception's message.</summary>
    public const string ExceptionMessage = "dlt-exception-message";

    /// <summary>The beginning of the exception's stack trace.</summary>
    public const string ExceptionStack = "dlt-exception-stack";

    /// <summary>How often the record was tried; 0 when it could not even be read.</summary>
    public const string Attempts = "dlt-attempts";
}
