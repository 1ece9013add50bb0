using System.Collections.Concurrent;
using System.Diagnostics;

namespace Millrace.TestKit;

/// <summary>
/// A process started by a test. It never outlives the test run: a shell stands between, and kills it when its own standard input
/// closes, which the kernel does for us even if the test run is killed.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    // The shell tells the child's process id first, then waits for our end of the pipe to close or for the child to end.
    private const string Guard =
        """
        exec 3<&0
        "$@" </dev/null 3<&- & child=$!
        echo "guard-pid $child"
        ( cat; kill -9 $child ) <&3 >/dev/null 2>&1 & watcher=$!
        wait $child; code=$?
        kill $watcher 2>/dev/null
        exit $code
        """;

    private readonly Process _guard;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _standardOutput = new();
    private readonly ConcurrentQueue<string> _standardError = new();
    private readonly TaskCompletionSource<int> _pid = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process guard)
    {
        _guard = guard;
    }

    /// <summary>The process id of the program itself, not of the guard.</summary>
    public int Id { get; private set; }

    public bool HasExited => _guard.HasExited;

    public int ExitCode => _guard.ExitCode;

    /// <summary>Lines of standard output and standard error so far, in the order of arrival.</summary>
    public IReadOnlyCollection<string> Output => _output;

    /// <summary>Lines of standard output alone.</summary>
    public IReadOnlyCollection<string> StandardOutput => _standardOutput;

    /// <summary>Lines of standard error alone.</summary>
    public IReadOnlyCollection<string> StandardError => _standardError;

    public string OutputText => string.Join('\n', _output);

    public static async Task<ChildProcess> StartAsync(
        string file,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null)
    {
        var info = new ProcessStartInfo("/bin/bash")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? string.Empty,
        };
        foreach (var argument in (string[])["-c", Guard, "guard", file, .. arguments]) info.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>()) info.Environment[name] = value;

        var child = new ChildProcess(new Process { StartInfo = info, EnableRaisingEvents = true });
        child._guard.OutputDataReceived += (_, e) => child.Take(e.Data, child._standardOutput);
        child._guard.ErrorDataReceived += (_, e) => child.Take(e.Data, child._standardError);
        child._guard.Exited += (_, _) => _ = child.NotStartedAsync(file);
        child._guard.Start();
        child._guard.BeginOutputReadLine();
        child._guard.BeginErrorReadLine();
        child.Id = await child._pid.Task.ConfigureAwait(false);
        return child;
    }

    /// <summary>Runs a program to its end and returns its exit code and output.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string file,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        TimeSpan? timeout = null,
        string? workingDirectory = null)
    {
        await using var child = await StartAsync(file, arguments, environment, workingDirectory).ConfigureAwait(false);
        await child.WaitForExitAsync(timeout ?? TimeSpan.FromMinutes(2)).ConfigureAwait(false);
        return (child.ExitCode, child.OutputText);
    }

    /// <summary>Waits until a line of output contains <paramref name="text"/> and returns that line.</summary>
    public async Task<string> WaitForLineAsync(string text, TimeSpan? timeout = null)
    {
        string? line = null;
        await Eventually.True(
            () => (line = _output.FirstOrDefault(l => l.Contains(text, StringComparison.Ordinal))) is not null || HasExited,
            $"a line with '{text}' from process {Id}; it said:\n{OutputText}",
            timeout).ConfigureAwait(false);
        return line ?? throw new InvalidOperationException($"Process {Id} ended with code {ExitCode} before it said '{text}':\n{OutputText}");
    }

    public async Task WaitForExitAsync(TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout);
        try
        {
            await _guard.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"Process {Id} still ran after {timeout.TotalSeconds:0.#} s; it said:\n{OutputText}", e);
        }
    }

    /// <summary>Sends a signal by name, such as KILL, TERM, STOP or CONT.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("/bin/kill", ["-s", signal, Id.ToString()]);
        await kill.WaitForExitAsync().ConfigureAwait(false);
    }

    public async Task KillAsync()
    {
        await SignalAsync("KILL").ConfigureAwait(false);
        await WaitForExitAsync(TimeSpan.FromSeconds(90)).ConfigureAwait(false);
    }

    /// <summary>Asks the process to end and waits; kills it if it does not.</summary>
    public async Task<int> TerminateAsync(TimeSpan? timeout = null)
    {
        if (!HasExited) await SignalAsync("TERM").ConfigureAwait(false);
        await WaitForExitAsync(timeout ?? TimeSpan.FromSeconds(90)).ConfigureAwait(false);
        return ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_guard.HasExited)
        {
            _guard.StandardInput.Close();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await _guard.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _guard.Dispose();
    }

    // The end of a short process may be known before its first line is; waiting for the end waits for the output too.
    private async Task NotStartedAsync(string file)
    {
        await _guard.WaitForExitAsync().ConfigureAwait(false);
        _pid.TrySetException(new InvalidOperationException($"{file} did not start: {OutputText}"));
    }

    private void Take(string? line, ConcurrentQueue<string> stream)
    {
        if (line is null) return;
        if (line.StartsWith("guard-pid ", StringComparison.Ordinal))
        {
            _pid.TrySetResult(int.Parse(line.AsSpan("guard-pid ".Length)));
            return;
        }

        stream.Enqueue(line);
        _output.Enqueue(line);
    }
}
