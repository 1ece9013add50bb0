using System.Runtime.InteropServices;

namespace Millrace.Cli.Infrastructure;

/// <summary>
/// SIGTERM and Ctrl+C, from the first moment on: the first one asks the command to end, and a second one, or too long a wait, ends the process.
/// </summary>
internal sealed class Termination : IDisposable
{
    // As a shell reports a process that SIGTERM has ended.
    private const int Terminated = 143;
    private const int Interrupted = 130;

    // A server drains and commits before it ends; whoever cannot wait sends SIGKILL, and loses nothing that was acknowledged.
    private static readonly TimeSpan _longestEnd = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _signals;
    private Timer? _limit;

    public Termination()
    {
        _signals = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT }.Select(signal => PosixSignalRegistration.Create(signal, End))];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
        _limit?.Dispose();
        _source.Dispose();
    }

    private void End(PosixSignalContext context)
    {
        context.Cancel = true;
        // A second signal is meant. Not left to the system's own way: the web servers' hosts listen too, and would cancel it.
        if (_source.IsCancellationRequested) Environment.Exit(context.Signal == PosixSignal.SIGTERM ? Terminated : Interrupted);
        _limit = new Timer(static _ => Environment.Exit(Terminated), null, _longestEnd, Timeout.InfiniteTimeSpan);
        _source.Cancel();
    }
}
