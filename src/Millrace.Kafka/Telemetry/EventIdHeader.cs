namespace Millrace.Kafka.Telemetry;

/// <summary>The header by which every hop can recognise a duplicate.</summary>
public static class EventIdHeader
{
    /// <summary>The header's name; its value is text in UTF-8.</summary>
    public const string Name = "event-id";
}
