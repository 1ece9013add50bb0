namespace Millrace.Kafka.Producing;

/// <summary>
/// Runs the blocking calls of one transactional producer so that none holds its caller for ever. librdkafka's transaction calls take a timeout, but hand their work to
/// a thread of the library and wait for its answer without one: an answer that is lost when a broker dies keeps the call. A call that is overdue is given up, and
/// so is its producer: nothing may touch that any more, and it is freed when the call comes back.
/// </summary>
/// <param name="timeProvider">The clock.</param>
public sealed class BoundedCalls(TimeProvider timeProvider)
{
    /// <summary>How much longer than its own timeout a call may take before it is given up.</summary>
    /// <value>15 seconds: the call's own end, an error that says more, comes first.</value>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    private volatile Task? _overdue;

    /// <summary>Whether a call was given up: the producer is of no use any more.</summary>
    public bool IsGivenUp => _overdue is not null;

    /// <summary>Runs a call and waits for it at most its timeout and <see cref="Grace"/>.</summary>
    /// <param name="what">For the message: what the call does.</param>
    /// <param name="timeout">The timeout that the call itself is given.</param>
    /// <param name="call">The call. Whatever it uses must be its own: it may go on when this method has ended.</param>
    /// <exception cref="TimeoutException">The call has not returned, or an earlier one has not.</exception>
    public async Task RunAsync(string what, TimeSpan timeout, Action<TimeSpan> call)
    {
        ArgumentNullException.ThrowIfNull(call);
        if (IsGivenUp)
            throw new TimeoutException($"The Kafka producer cannot {what}: an earlier call of it has never returned. Start the producer anew.");
        // The call blocks until the broker has answered.
        var running = Task.Run(() => call(timeout));
        try
        {
            await running.WaitAsync(timeout + Grace, timeProvider);
        }
        catch (TimeoutException e) when (!running.IsCompleted)
        {
            _overdue = running;
            throw new TimeoutException(
                $"The Kafka producer could not {what}: the client's call did not return within {timeout + Grace}, although its own timeout is {timeout}. The producer is given up; the broker aborts its transaction when its successor starts.", e);
        }
    }

    /// <summary>Disposes of the producer: at once, or, when a call was given up, as soon as that comes back.</summary>
    /// <param name="producer">The producer.</param>
    public async Task DisposeAsync(IDisposable producer)
    {
        ArgumentNullException.ThrowIfNull(producer);
        if (_overdue is { } overdue)
        {
            _ = FreeLaterAsync(overdue, producer);
            return;
        }

        // Closing waits for the library's threads: for those of a client whose broker is gone no longer than needed.
        await Task.Run(producer.Dispose).WaitAsync(Grace, timeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task FreeLaterAsync(Task overdue, IDisposable producer)
    {
        await overdue.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        producer.Dispose();
    }
}
