using Microsoft.Extensions.Logging;

namespace Millrace.Cli.Infrastructure;

/// <summary>
/// How every server of this program runs: in the foreground, one line <c>ready WHAT ADDRESS</c> on standard output once it serves, logs to
/// standard error, a clean end with code 0 on SIGTERM or Ctrl+C.
/// </summary>
internal static class Foreground
{
    // What an interrupted start has begun is taken back within this time, or goes with the process.
    private static readonly TimeSpan _longestTidying = TimeSpan.FromSeconds(5);

    /// <summary>Starts a server, says that it is ready, and serves until it is asked to end.</summary>
    /// <param name="what">The part's name in the ready line.</param>
    /// <param name="minimum">The least severe entries to log.</param>
    /// <param name="json">Whether the ready line is a JSON object.</param>
    /// <param name="start">Starts the server.</param>
    /// <param name="cancellationToken">Cancelled by SIGTERM and Ctrl+C.</param>
    /// <param name="ended">A task of the server that completes if it ends by itself; its exception says why.</param>
    public static async Task<int> RunAsync<TServer>(
        string what,
        LogLevel minimum,
        bool json,
        Func<ILoggerFactory, CancellationToken, Task<(TServer Server, string Address)>> start,
        CancellationToken cancellationToken,
        Func<TServer, Task>? ended = null)
        where TServer : IAsyncDisposable
    {
        // Disposed last: the entries of the server's end are written before the process ends.
        using var logging = CreateLogging(minimum);
        TServer server;
        string address;
        try
        {
            (server, address) = await Start();
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to end while it started: however the start broke off, nothing was served and nothing is lost.
            return 0;
        }

        await using (server)
        {
            await Ready(what, address, json);
            var cancelled = UntilCancelled(cancellationToken);
            await (ended is null ? cancelled : await Task.WhenAny(ended(server), cancelled));
        }

        return 0;

        // On another thread: clients of a Kafka that does not answer block theirs. A start that does not notice the end is left behind.
        async Task<(TServer, string)> Start()
        {
            var starting = Task.Run(() => start(logging, cancellationToken), CancellationToken.None);
            if (await Task.WhenAny(starting, UntilCancelled(cancellationToken)) != starting) await Task.WhenAny(starting, Task.Delay(_longestTidying, CancellationToken.None));
            return starting.IsCompleted ? await starting : throw new OperationCanceledException(cancellationToken);
        }
    }

    public static async Task Ready(string what, string address, bool json = false)
    {
        await Terminal.Out.WriteLineAsync(json ? Printer.ToJsonLine(new { Ready = what, Address = address }) : $"ready {what} {address}");
        await Terminal.Out.FlushAsync(CancellationToken.None);
    }

    public static Task UntilCancelled(CancellationToken cancellationToken) =>
        Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Logs to standard error, one line an entry, from the given level.</summary>
    public static ILoggerFactory CreateLogging(LogLevel minimum) => new StandardErrorLogging(minimum);
}
