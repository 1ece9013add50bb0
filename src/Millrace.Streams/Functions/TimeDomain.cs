namespace Millrace.Streams;

/// <summary>Which clock a timer follows.</summary>
public enum TimeDomain
{
    /// <summary>The watermark.</summary>
    EventTime,

    /// <summary>The clock of the machine.</summary>
    ProcessingTime,
}
