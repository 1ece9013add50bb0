using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.ClickHouse.Engine;

/// <summary>
/// The child process that holds ClickHouse (libchdb). It lives alone because libchdb replaces the process's signal handlers.
/// Arguments: libchdb's path, the socket's path, the data directory, the configuration file. It ends when its standard input ends.
/// </summary>
internal static unsafe partial class Program
{
    private const int ListenBacklog = 64;

    // Deep recursion in ClickHouse's parser and analyser needs more than .NET's default thread stack in a container.
    private const int StackSize = 8 << 20;

    private static readonly PosixSignalRegistration?[] Signals = new PosixSignalRegistration?[3];

    // As the front names the folder of the socket: nothing else is ever removed.
    private const string FolderPrefix = "millrace-ch-";

    private static string? _folder;

    private static int Main(string[] arguments)
    {
        if (arguments is not [var library, var socketPath, var dataDirectory, var configuration])
        {
            WriteLine(2, "usage: Millrace.ClickHouse.Engine LIBCHDB SOCKET DATA CONFIG (started by millrace, not by hand)");
            return 2;
        }

        // A group of its own: what ClickHouse sends to its group, as at SYSTEM KILL, ends this process alone.
        _ = SetGroup(0, 0);
        _folder = Path.GetDirectoryName(socketPath);
        new Thread(WatchParent) { IsBackground = true, Name = "parent" }.Start();
        var chdb = new LibChdb(library);
        // Kept open for the process's life: closing the last connection would shut the engine down.
        var main = chdb.Connect("clickhouse", "--path=" + dataDirectory, "--config-file=" + configuration, "--implicit_select=0");
        if (main is null)
        {
            WriteLine(2, $"ClickHouse could not open {dataDirectory}: another process may be using it, or it can't be written.");
            return 3;
        }

        // Ctrl+C in a terminal, and what systemd or timeout send to the whole group, is for the parent, which stops this process in its order.
        Signals[0] = PosixSignalRegistration.Create(PosixSignal.SIGINT, static context => context.Cancel = true);
        Signals[1] = PosixSignalRegistration.Create(PosixSignal.SIGTERM, static context => context.Cancel = true);
        Signals[2] = PosixSignalRegistration.Create(PosixSignal.SIGHUP, static context => context.Cancel = true);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(socketPath));
        listener.Listen(ListenBacklog);
        WriteLine(1, "ready");
        while (true)
        {
            var connection = new EngineConnection(chdb, listener.Accept(), dataDirectory);
            new Thread(connection.Run, StackSize) { IsBackground = true, Name = "query" }.Start();
        }
    }

    // The pipe ends when the parent ends in any way, SIGKILL included. Inserts are all or nothing on disk, so there is nothing to tidy up.
    private static void WatchParent()
    {
        var buffer = stackalloc byte[16];
        while (Read(0, buffer, 16) > 0)
        {
        }

        try
        {
            // The parent that was killed could not take its folder away.
            if (_folder is not null && Path.GetFileName(_folder).StartsWith(FolderPrefix, StringComparison.Ordinal))
                Directory.Delete(_folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The parent did, or is at it.
        }

        ExitNow(0);
    }

    private static void WriteLine(int descriptor, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text + "\n");
        fixed (byte* at = bytes)
            _ = Write(descriptor, at, (nuint)bytes.Length);
    }

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "setpgid")]
    private static partial int SetGroup(int process, int group);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int status);
}
