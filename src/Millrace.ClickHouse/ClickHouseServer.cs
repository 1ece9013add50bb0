using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Engines;

namespace Millrace.ClickHouse;

/// <summary>
/// ClickHouse, embedded: the engine (libchdb) in a supervised child process, behind ClickHouse's own HTTP interface.
/// Any ClickHouse client that speaks HTTP sees a ClickHouse server.
/// </summary>
public sealed partial class ClickHouseServer : IAsyncDisposable
{
    // A query string beyond this is a body in the wrong place.
    private const int MaximumRequestLine = 1 << 20;

    private readonly WebApplication _application;
    private readonly EngineSupervisor _supervisor;
    private readonly SessionTable _sessions;
    private readonly HttpHandler _handler;

    private ClickHouseServer(WebApplication application, EngineSupervisor supervisor, SessionTable sessions, HttpHandler handler, ClickHouseOptions options, Uri address)
    {
        _application = application;
        _handler = handler;
        _supervisor = supervisor;
        _sessions = sessions;
        Address = address;
        var password = options.Password is null ? "" : $";Password={options.Password}";
        ConnectionString = $"Host={address.Host};Port={address.Port};Username={options.User}{password};Database=default";
    }

    /// <summary>The address that the HTTP interface is bound to.</summary>
    public Uri Address { get; }

    /// <summary>ClickHouse.Driver's connection string to this server.</summary>
    public string ConnectionString { get; }

    /// <summary>The engine's process id; 0 while it is being restarted.</summary>
    public int EngineProcessId => _supervisor.ProcessId;

    /// <summary>How often the engine was started again because it had ended.</summary>
    public int EngineRestarts => _supervisor.Restarts;

    /// <summary>Starts the engine (provisioning it if need be) and the HTTP interface, and returns when queries can be sent.</summary>
    /// <param name="options">How to listen, store and limit.</param>
    /// <param name="loggerFactory">Where to log.</param>
    /// <param name="progress">Told of each step of provisioning.</param>
    /// <param name="ct">Cancels the start.</param>
    /// <exception cref="EngineUnavailableException">libchdb can't be had on this machine; the message says what to do.</exception>
    /// <exception cref="ClickHouseException">The engine did not start, for example because another process uses the data directory.</exception>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<ClickHouseServer> StartAsync(
        ClickHouseOptions options,
        ILoggerFactory? loggerFactory = null,
        IProgress<EngineProgress>? progress = null,
        CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        loggerFactory ??= NullLoggerFactory.Instance;
        var library = options.LibChdbPath ?? await new EngineCache(loggerFactory: loggerFactory).GetLibChdbAsync(progress, ct);
        var supervisor = new EngineSupervisor(options, library, TimeProvider.System, loggerFactory.CreateLogger<EngineSupervisor>());
        var sessions = new SessionTable(supervisor, TimeProvider.System);
        try
        {
            await supervisor.StartAsync(ct);
            var handler = new HttpHandler(options, supervisor, sessions, TimeProvider.System, loggerFactory.CreateLogger<HttpHandler>());
            var application = Build(options, handler, loggerFactory);
            await application.StartAsync(ct);
            var bound = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            var server = new ClickHouseServer(application, supervisor, sessions, handler, options, new Uri(bound));
            LogListening(loggerFactory.CreateLogger<ClickHouseServer>(), server.Address, options.DataDirectory, supervisor.Version, server.EngineProcessId);
            return server;
        }
        catch
        {
            await supervisor.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops taking requests, lets those in flight end for a moment, and stops the engine.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        await _sessions.DisposeAsync();
        await _supervisor.DisposeAsync();
        _handler.Dispose();
    }

    private static WebApplication Build(ClickHouseOptions options, HttpHandler handler, ILoggerFactory loggerFactory)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggerFactory);
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // The names that clients give to their queries come back in headers.
            kestrel.ResponseHeaderEncodingSelector = static _ => System.Text.Encoding.UTF8;
            kestrel.Limits.MaxRequestLineSize = MaximumRequestLine;
            // The limit is kept where the body is read: it is one of decompressed bytes.
            kestrel.Limits.MaxRequestBodySize = null;
            // Clients keep a query's body coming as slowly as they produce it.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(options.Listen, static listen => listen.Protocols = HttpProtocols.Http1);
        });
        var application = builder.Build();
        application.Run(handler.HandleAsync);
        return application;
    }

    [LoggerMessage(6000, LogLevel.Information, "ClickHouse {Version} listens on {Address}, data in {Directory}, engine process {ProcessId}")]
    private static partial void LogListening(ILogger logger, Uri address, string directory, string version, int processId);
}
