namespace Millrace.Streams;

/// <summary>What happens after a task failed: the job goes back to its last committed checkpoint after a delay, or fails for good.</summary>
/// <param name="MaxAttempts">How many restarts in a row are tried. A run that completes a checkpoint, or lasts <paramref name="ResetAfter"/>, starts the count anew.</param>
/// <param name="InitialDelay">The delay before the first restart.</param>
/// <param name="MaxDelay">The longest delay; each restart in a row doubles the delay up to it.</param>
/// <param name="ResetAfter">How long a run must last to count as healthy.</param>
public sealed record RestartStrategy(int MaxAttempts, TimeSpan InitialDelay, TimeSpan MaxDelay, TimeSpan ResetAfter)
{
    /// <summary>The first failure ends the job.</summary>
    public static RestartStrategy None { get; } = new(0, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.MaxValue);

    /// <summary>The default: 10 restarts in a row, 0.5 s to 30 s apart.</summary>
    public static RestartStrategy Default { get; } =
        ExponentialDelay(10, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));

    /// <summary>Restarts with a delay that does not grow.</summary>
    public static RestartStrategy FixedDelay(int maxAttempts, TimeSpan delay) => new(maxAttempts, delay, delay, TimeSpan.FromHours(1));

    /// <summary>Restarts with a delay that doubles.</summary>
    public static RestartStrategy ExponentialDelay(int maxAttempts, TimeSpan initialDelay, TimeSpan maxDelay) =>
        new(maxAttempts, initialDelay, maxDelay, TimeSpan.FromHours(1));

    internal TimeSpan DelayBefore(int restart)
    {
        var delay = InitialDelay.TotalMilliseconds * Math.Pow(2, Math.Min(restart - 1, 30));
        return TimeSpan.FromMilliseconds(Math.Min(delay, MaxDelay.TotalMilliseconds));
    }
}
