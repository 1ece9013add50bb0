using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Millrace.ClickHouse;

/// <summary>One run of the child process.</summary>
internal sealed class EngineProcess : IAsyncDisposable
{
    private const int KeptLines = 20;

    private readonly Process _process;
    private readonly DirectoryInfo _folder;
    private readonly Queue<string> _lines = new();
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private EngineProcess(Process process, DirectoryInfo folder)
    {
        _process = process;
        _folder = folder;
    }

    internal int Id => _process.Id;

    internal Task Exited { get; private set; } = Task.CompletedTask;

    internal string LastLines
    {
        get
        {
            lock (_gate)
                return string.Join('\n', _lines);
        }
    }

    private string SocketPath => Path.Combine(_folder.FullName, "engine");

    /// <summary>Starts the child and waits until it takes connections.</summary>
    internal static async Task<EngineProcess> StartAsync(ClickHouseOptions options, string library, CancellationToken ct)
    {
        // A short path of our own, mode 0700: a socket's path may have 107 bytes, and only this user may connect.
        var folder = Directory.CreateTempSubdirectory("millrace-ch-");
        var configuration = Path.Combine(folder.FullName, "config.xml");
        var users = Path.Combine(folder.FullName, "users.xml");
        await File.WriteAllTextAsync(users, EngineUsers.Render(), ct);
        await File.WriteAllTextAsync(configuration, EngineConfiguration.Render(options, users), ct);
        Directory.CreateDirectory(options.DataDirectory);
        var program = Path.Combine(AppContext.BaseDirectory, "Millrace.ClickHouse.Engine.dll");
        var start = new ProcessStartInfo(
            DotnetHost(),
            [program, library, Path.Combine(folder.FullName, "engine"), Path.GetFullPath(options.DataDirectory), configuration])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Managed memory of the child: it copies blocks of bytes, and gives memory back instead of keeping it.
        start.Environment["DOTNET_GCConserveMemory"] = "5";
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        var engine = new EngineProcess(Process.Start(start)!, folder);
        engine.Listen();
        try
        {
            await await Task.WhenAny(engine._ready.Task, engine.Exited).WaitAsync(options.StartTimeout, ct);
            if (!engine._ready.Task.IsCompletedSuccessfully)
                throw new ClickHouseException($"The ClickHouse engine did not start (exit code {engine._process.ExitCode}).\n{engine.LastLines}");
            return engine;
        }
        catch (TimeoutException e)
        {
            await engine.DisposeAsync();
            throw new ClickHouseException($"The ClickHouse engine was not ready after {options.StartTimeout.TotalSeconds:0} s.\n{engine.LastLines}", e);
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    internal async Task<EngineClient> ConnectAsync(CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), ct);
            return new EngineClient(socket, this);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    internal void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Inserts are complete on disk or not there, so a kill is as good an end as any, and it does not wait for queries.
        Kill();
        await Exited;
        _process.Dispose();
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A leftover socket in the temporary folder harms nobody.
        }
    }

    private void Listen()
    {
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data == "ready")
                _ready.TrySetResult();
        };
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Exited = _process.WaitForExitAsync();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_gate)
        {
            _lines.Enqueue(line);
            if (_lines.Count > KeptLines)
                _lines.Dequeue();
        }
    }

    // The host that runs this process, or, if this is a program of its own, the one beside the shared framework.
    private static string DotnetHost()
    {
        if (Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "dotnet")
            return self;
        var beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return File.Exists(beside) ? beside : "dotnet";
    }
}
