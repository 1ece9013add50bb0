namespace Millrace.TestKit;

/// <summary>Waits for a condition instead of sleeping for a guessed time.</summary>
public static class Eventually
{
    /// <summary>How long a condition may take unless a test says otherwise: generous, since machines that run tests are often busy.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(90);

    /// <summary>Polls until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not hold in time; the message names <paramref name="what"/>.</exception>
    public static async Task True(Func<Task<bool>> condition, string what, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var limit = timeout ?? DefaultTimeout;
        var started = TimeProvider.System.GetTimestamp();
        Exception? last = null;
        while (TimeProvider.System.GetElapsedTime(started) < limit)
        {
            try
            {
                if (await condition().ConfigureAwait(false)) return;
                last = null;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                last = e;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken).ConfigureAwait(false);
        }

        throw new TimeoutException($"Not seen within {limit.TotalSeconds:0.#} s: {what}", last);
    }

    /// <inheritdoc cref="True(Func{Task{bool}}, string, TimeSpan?, CancellationToken)"/>
    public static Task True(Func<bool> condition, string what, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        True(() => Task.FromResult(condition()), what, timeout, cancellationToken);

    /// <summary>Polls until <paramref name="read"/> gives something other than null.</summary>
    public static async Task<T> NotNull<T>(Func<Task<T?>> read, string what, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : class
    {
        T? found = null;
        await True(async () => (found = await read().ConfigureAwait(false)) is not null, what, timeout, cancellationToken).ConfigureAwait(false);
        return found!;
    }
}
