namespace Millrace.Kafka.Retry;

/// <summary>How a failed record is tried again, at once and in order, before it goes to the dead letters.</summary>
public sealed class RetryOptions
{
    /// <summary>How often a record is tried in all.</summary>
    /// <value>Default: 4.</value>
    public int MaxAttempts { get; set; } = 4;

    /// <summary>The wait before the second attempt; it doubles with each further one, with jitter.</summary>
    /// <value>Default: 200 ms.</value>
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait between two attempts.</summary>
    /// <value>Default: 10 s.</value>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Decides whether an exception may go away by itself.</summary>
    /// <value>Default: <see cref="FailureClassifier.IsRetriable"/>.</value>
    public Func<Exception, bool> IsRetriable { get; set; } = FailureClassifier.IsRetriable;

    /// <summary>An upper bound of all waits for one record.</summary>
    internal TimeSpan LongestWait => MaxDelay * Math.Max(0, MaxAttempts - 1);
}
