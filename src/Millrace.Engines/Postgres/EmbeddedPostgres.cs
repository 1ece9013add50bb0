using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Millrace.Engines;

/// <summary>
/// A PostgreSQL server of this process's own: provisioned, initialised, started on the loopback address, and stopped when this process ends in any way.
/// As root, the server runs as an unprivileged user, because PostgreSQL refuses root.
/// </summary>
public sealed partial class EmbeddedPostgres : IAsyncDisposable
{
    // Between finding a free port and the server's bind another process may take it.
    private const int PortAttempts = 5;

    // initdb and a restart after a kill: children of a killed postmaster hold its shared memory for a moment.
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly EmbeddedPostgresOptions _options;
    private readonly string _home;
    private readonly UnprivilegedUser? _user;
    private readonly bool _isTemporary;
    private readonly ILogger _logger;
    private PostgresProcess? _process;

    private EmbeddedPostgres(EmbeddedPostgresOptions options, string home, UnprivilegedUser? user, ILoggerFactory? loggerFactory)
    {
        _options = options;
        _home = home;
        _user = user;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<EmbeddedPostgres>();
        _isTemporary = options.DataDirectory is null;
        DataDirectory = options.DataDirectory is { } given
            ? Path.GetFullPath(given)
            : System.IO.Directory.CreateTempSubdirectory("millrace-postgres-").FullName;
        Port = options.Port;
    }

    /// <summary>The address that the server listens on.</summary>
    public static string Host => "127.0.0.1";

    /// <summary>The port that the server listens on; the same after a restart.</summary>
    public int Port { get; private set; }

    /// <summary>The data directory.</summary>
    public string DataDirectory { get; }

    /// <summary>The superuser.</summary>
    public string User => _options.User;

    /// <summary>The superuser's password.</summary>
    public string Password => _options.Password;

    /// <summary>The postmaster's process id; 0 if it is not running.</summary>
    public int ProcessId => _process is { IsRunning: true } process ? process.ProcessId : 0;

    /// <summary>Npgsql's connection string to the first of the databases asked for, else to <c>postgres</c>.</summary>
    public string ConnectionString => GetConnectionString(_options.Databases is [var first, ..] ? first : "postgres");

    /// <summary>Npgsql's connection string to a database of this server.</summary>
    /// <param name="database">The database's name.</param>
    public string GetConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = Host,
        Port = Port,
        Username = User,
        Password = Password,
        Database = database,
    }.ConnectionString;

    /// <summary>Starts a server, provisioning PostgreSQL and initialising the data directory if need be, and waits until it takes connections.</summary>
    /// <param name="options">How to set it up; null for the defaults (temporary data, any port, <c>wal_level=logical</c>).</param>
    /// <param name="loggerFactory">Where to log; the server's own lines are logged as debug.</param>
    /// <param name="progress">Told of each step of provisioning.</param>
    /// <param name="ct">Cancels the start.</param>
    /// <exception cref="EngineUnavailableException">PostgreSQL can't be had on this machine.</exception>
    /// <exception cref="EmbeddedPostgresException">The server did not start; the message holds its last lines.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(
        EmbeddedPostgresOptions? options = null,
        ILoggerFactory? loggerFactory = null,
        IProgress<EngineProgress>? progress = null,
        CancellationToken ct = default)
    {
        var home = await new EngineCache(loggerFactory: loggerFactory).GetPostgresHomeAsync(progress, ct);
        options ??= new EmbeddedPostgresOptions();
        var user = UnprivilegedUser.Find(options.OperatingSystemUser);
        var server = new EmbeddedPostgres(options, PostgresFiles.Home(home, user), user, loggerFactory);
        try
        {
            await server.PrepareAsync(ct);
            await server.LaunchAsync(ct);
            await server.CreateDatabasesAsync(ct);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the server ("fast": transactions are rolled back, clients are disconnected, the log is flushed).</summary>
    public async Task StopAsync()
    {
        if (_process is not { } process)
            return;
        await process.StopAsync(_options.Timeout);
        await process.DisposeAsync();
        _process = null;
        LogStopped(DataDirectory);
    }

    /// <summary>Kills the server with SIGKILL, as a crash would.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        await process.KillAsync();
        await process.DisposeAsync();
        _process = null;
    }

    /// <summary>Starts the server again on the same port and data, after <see cref="StopAsync"/>, <see cref="KillAsync"/> or a crash; stops it first if it runs.</summary>
    /// <param name="ct">Cancels the start.</param>
    /// <exception cref="EmbeddedPostgresException">The server did not start; the message holds its last lines.</exception>
    public async Task RestartAsync(CancellationToken ct = default)
    {
        await StopAsync();
        await LaunchAsync(ct);
    }

    /// <summary>Stops the server, and deletes its data if they were temporary.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isTemporary)
            await KillAsync();
        else
            await StopAsync();
        if (_isTemporary)
            DeleteData();
    }

    private async Task PrepareAsync(CancellationToken ct)
    {
        if (File.Exists(Path.Combine(DataDirectory, "PG_VERSION")))
        {
            await PostgresProcess.EndOrphanAsync(DataDirectory, _options.Timeout, ct);
        }
        else
        {
            System.IO.Directory.CreateDirectory(DataDirectory);
            _user?.Own(DataDirectory);
            await InitialiseAsync(ct);
        }

        // A cluster that another user's process wrote must be owned by the one that runs it now.
        _user?.Own(DataDirectory);
    }

    private async Task InitialiseAsync(CancellationToken ct)
    {
        // initdb takes the password from a file only, and must be able to open it: cat's pipe is this user's, the one from here is root's.
        string[] arguments =
        [
            "-c", "cat | \"$0\" \"$@\"", Path.Combine(_home, "bin", "initdb"),
            "--pgdata=" + PostgresFiles.DataName(DataDirectory, _user), "--username=" + User, "--pwfile=/dev/stdin", "--auth=scram-sha-256",
            "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
        ];
        using var initdb = System.Diagnostics.Process.Start(PostgresProcess.StartInfo("sh", arguments, DataDirectory, _user))
            ?? throw new EmbeddedPostgresException("initdb could not be started: no process was created.");
        var output = initdb.StandardOutput.ReadToEndAsync(ct);
        var error = initdb.StandardError.ReadToEndAsync(ct);
        await initdb.StandardInput.WriteLineAsync(Password.AsMemory(), ct);
        initdb.StandardInput.Close();
        await initdb.WaitForExitAsync(ct);
        if (initdb.ExitCode != 0)
            throw new EmbeddedPostgresException($"initdb failed in {DataDirectory}:\n{await output}\n{await error}");
        LogInitialised(DataDirectory);
    }

    private async Task LaunchAsync(CancellationToken ct)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(_options.Timeout);
        for (var portAttempt = 1; ;)
        {
            var port = Port == 0 ? FreePort() : Port;
            var process = PostgresProcess.Start(_home, DataDirectory, _user, Arguments(port), LogLine);
            try
            {
                if (await process.WaitReadyAsync(timeout.Token))
                {
                    _process = process;
                    Port = port;
                    LogStarted(Host, port, DataDirectory, process.ProcessId);
                    return;
                }
            }
            catch (OperationCanceledException e)
            {
                await process.DisposeAsync();
                ct.ThrowIfCancellationRequested();
                throw new EmbeddedPostgresException($"PostgreSQL in {DataDirectory} was not ready after {_options.Timeout.TotalSeconds:0} s:\n{process.LastLines}", e);
            }

            await process.DisposeAsync();
            var isPortTaken = process.LastLines.Contains("could not bind", StringComparison.Ordinal);
            var isHeldByDying = process.LastLines.Contains("is still in use", StringComparison.Ordinal) || process.LastLines.Contains("lock file", StringComparison.Ordinal);
            if (isPortTaken && _options.Port != 0)
                throw new EmbeddedPostgresException($"PostgreSQL can't listen on {Host}:{port}, the port is in use: stop its owner, or choose another port (0 takes any free one).\n{process.LastLines}");
            if (isPortTaken ? portAttempt++ >= PortAttempts : !isHeldByDying)
                throw new EmbeddedPostgresException($"PostgreSQL in {DataDirectory} ended while it started:\n{process.LastLines}");
            await Task.Delay(RetryDelay, timeout.Token);
        }
    }

    private IEnumerable<string> Arguments(int port)
    {
        yield return "-D";
        yield return PostgresFiles.DataName(DataDirectory, _user);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["listen_addresses"] = Host,
            ["port"] = port.ToString(),
            // No socket files: a path for them would need yet another directory that both users can use.
            ["unix_socket_directories"] = "",
            ["wal_level"] = _options.WalLevel,
            ["max_wal_senders"] = _options.MaxWalSenders.ToString(),
            ["max_replication_slots"] = Math.Max(_options.MaxWalSenders, 1).ToString(),
        };
        foreach (var (name, value) in _options.Settings)
            settings[name] = value;
        foreach (var (name, value) in settings)
        {
            yield return "-c";
            yield return $"{name}={value}";
        }
    }

    private async Task CreateDatabasesAsync(CancellationToken ct)
    {
        if (_options.Databases.Count == 0)
            return;
        await using var source = NpgsqlDataSource.Create(GetConnectionString("postgres"));
        foreach (var name in _options.Databases)
        {
            await using var exists = source.CreateCommand("SELECT 1 FROM pg_database WHERE datname = $1");
            exists.Parameters.AddWithValue(name);
            if (await exists.ExecuteScalarAsync(ct) is not null)
                continue;
            await using var create = source.CreateCommand($"CREATE DATABASE \"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
            await create.ExecuteNonQueryAsync(ct);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void DeleteData()
    {
        try
        {
            System.IO.Directory.Delete(DataDirectory, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A child of the killed postmaster may write its last file now.
            LogNotDeleted(DataDirectory, e.Message);
        }
    }

    private void LogLine(string line) => LogServerLine(line);

    [LoggerMessage(6510, LogLevel.Information, "PostgreSQL initialised in {Directory}")]
    private partial void LogInitialised(string directory);

    [LoggerMessage(6511, LogLevel.Information, "PostgreSQL listens on {Host}:{Port}, data in {Directory}, process {ProcessId}")]
    private partial void LogStarted(string host, int port, string directory, int processId);

    [LoggerMessage(6512, LogLevel.Information, "PostgreSQL in {Directory} stopped")]
    private partial void LogStopped(string directory);

    [LoggerMessage(6513, LogLevel.Debug, "postgres: {Line}")]
    private partial void LogServerLine(string line);

    [LoggerMessage(6514, LogLevel.Warning, "Temporary data {Directory} could not be deleted: {Reason}")]
    private partial void LogNotDeleted(string directory, string reason);
}
