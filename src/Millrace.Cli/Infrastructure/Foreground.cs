using Microsoft.Extensions.Logging;

namespace Millrace.Cli.Infrastructure;

/// <summary>
/// How every server of this program runs: in the foreground, one line <c>ready WHAT ADDRESS</c> on standard output once it serves, logs to
/// standard error, a clean end with code 0 on SIGTERM or Ctrl+C.
/// </summary>
internal static class Foreground
{
    public static async Task<int> RunAsync(
        string what,
        LogLevel minimum,
        Func<ILoggerFactory, CancellationToken, Task<(IAsyncDisposable Server, string Address)>> start,
        CancellationToken cancellationToken)
    {
        // Disposed last: the entries of the server's end are written before the process ends.
        using var logging = CreateLogging(minimum);
        var (server, address) = await start(logging, cancellationToken);
        await using (server)
        {
            await Ready(what, address);
            await UntilCancelled(cancellationToken);
        }

        return 0;
    }

    public static async Task Ready(string what, string address)
    {
        await Terminal.Out.WriteLineAsync($"ready {what} {address}");
        await Terminal.Out.FlushAsync(CancellationToken.None);
    }

    public static Task UntilCancelled(CancellationToken cancellationToken) =>
        Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Logs to standard error, one line an entry, from the given level.</summary>
    public static ILoggerFactory CreateLogging(LogLevel minimum) => new StandardErrorLogging(minimum);
}
