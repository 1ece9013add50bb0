using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Millrace.Engines;

/// <summary>
/// One running postmaster. A shell stands between: it waits for the end of its standard input, which comes when this process ends in any way,
/// and then tells the server to stop, so that no orphan stays.
/// </summary>
internal sealed partial class PostgresProcess : IAsyncDisposable
{
    private const int SigInt = 2;
    private const int SigKill = 9;
    private const int KeptLines = 40;

    // $0 is the server, $@ its arguments. A background command's input is /dev/null in a shell, so the pipe is kept as descriptor 3.
    private const string Watch = """
        exec 3<&0 </dev/null
        "$0" "$@" 3<&- &
        server=$!
        { read -r _ <&3; kill -INT $server; } >/dev/null 2>&1 &
        watch=$!
        exec 3<&-
        wait $server
        status=$?
        kill $watch 2>/dev/null
        exit $status
        """;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);

    private readonly Process _shell;
    private readonly string _dataDirectory;
    private readonly Queue<string> _lines = new();
    private readonly Lock _gate = new();

    private PostgresProcess(Process shell, string dataDirectory)
    {
        _shell = shell;
        _dataDirectory = dataDirectory;
    }

    /// <summary>The postmaster's process id.</summary>
    internal int ProcessId { get; private set; }

    /// <summary>True until the server has ended.</summary>
    internal bool IsRunning => !_shell.HasExited;

    /// <summary>The last lines that the server wrote, for error messages.</summary>
    internal string LastLines
    {
        get
        {
            lock (_gate)
                return string.Join('\n', _lines);
        }
    }

    internal static PostgresProcess Start(string home, string dataDirectory, UnprivilegedUser? user, IEnumerable<string> arguments, Action<string> onLine)
    {
        var shell = Process.Start(StartInfo("sh", ["-c", Watch, Path.Combine(home, "bin", "postgres"), .. arguments], dataDirectory, user))
            ?? throw new EmbeddedPostgresException("PostgreSQL could not be started: no process was created.");
        var process = new PostgresProcess(shell, dataDirectory);
        shell.OutputDataReceived += (_, line) => process.Keep(line.Data, onLine);
        shell.ErrorDataReceived += (_, line) => process.Keep(line.Data, onLine);
        shell.BeginOutputReadLine();
        shell.BeginErrorReadLine();
        return process;
    }

    /// <summary>A program as the given user, in its own session, so that Ctrl+C in a terminal ends the platform in its own order.</summary>
    internal static ProcessStartInfo StartInfo(string program, IReadOnlyList<string> arguments, string workingDirectory, UnprivilegedUser? user)
    {
        string[] command = user is null ? [program, .. arguments] : user.Command(program, arguments);
        var info = new ProcessStartInfo("setsid", command)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory,
        };
        // A PG* variable of the user's would be taken for a setting, a locale may not be installed.
        foreach (var name in info.Environment.Keys.Where(static name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
            info.Environment.Remove(name);
        info.Environment["LC_ALL"] = "C";
        return info;
    }

    /// <summary>Waits until the server takes connections.</summary>
    /// <returns>False if it ended instead.</returns>
    internal async Task<bool> WaitReadyAsync(CancellationToken ct)
    {
        while (IsRunning)
        {
            if (PostmasterFile.Read(_dataDirectory) is { IsReady: true } file && PostmasterFile.IsAlive(file.ProcessId))
            {
                ProcessId = file.ProcessId;
                return true;
            }

            await Task.Delay(Poll, ct);
        }

        return false;
    }

    /// <summary>Stops the server: open transactions are rolled back, the log is flushed.</summary>
    internal async Task StopAsync(TimeSpan patience)
    {
        if (IsRunning && ProcessId > 0)
            _ = Signal(ProcessId, SigInt);
        else
            await CloseInputAsync();
        using var timeout = new CancellationTokenSource(patience);
        try
        {
            await _shell.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
        }
    }

    /// <summary>Kills the postmaster as a crash would; its children end by themselves when they see it gone.</summary>
    internal async Task KillAsync()
    {
        if (IsRunning && ProcessId > 0)
            _ = Signal(ProcessId, SigKill);
        else if (IsRunning)
            _shell.Kill(entireProcessTree: true);
        await _shell.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
            await KillAsync();
        _shell.Dispose();
    }

    /// <summary>Ends a server that an earlier process left behind in this data directory.</summary>
    internal static async Task EndOrphanAsync(string dataDirectory, TimeSpan patience, CancellationToken ct)
    {
        if (PostmasterFile.Read(dataDirectory) is not { } file || !PostmasterFile.IsServer(file.ProcessId))
            return;
        _ = Signal(file.ProcessId, SigInt);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(patience);
        try
        {
            while (PostmasterFile.IsServer(file.ProcessId))
                await Task.Delay(Poll, timeout.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            _ = Signal(file.ProcessId, SigKill);
        }
    }

    private async Task CloseInputAsync()
    {
        try
        {
            await _shell.StandardInput.DisposeAsync();
        }
        catch (IOException)
        {
            // The shell is gone already.
        }
    }

    private void Keep(string? line, Action<string> onLine)
    {
        if (line is null)
            return;
        lock (_gate)
        {
            _lines.Enqueue(line);
            if (_lines.Count > KeptLines)
                _lines.Dequeue();
        }

        onLine(line);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int processId, int signal);
}
