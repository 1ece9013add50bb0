using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Console.Hosting;

namespace Millrace.Console;

/// <summary>
/// The web console in this process: pages for the pipeline, topics, groups, connectors, jobs, analytics and alerts. It reads the systems only through
/// Kafka's protocol, Kafka Connect's and Flink's REST and ClickHouse's HTTP interface, so it shows Millrace's engines and their big siblings alike.
/// </summary>
public sealed class ConsoleServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ConsoleServer(WebApplication app, Uri address)
    {
        _app = app;
        Address = address;
    }

    /// <summary>Where the console serves, with the real port.</summary>
    public Uri Address { get; }

    /// <summary>Starts the console; it serves when the task ends, whether or not the systems that it shows are up.</summary>
    /// <param name="options">Addresses and settings.</param>
    /// <param name="loggerFactory">Where to log; nowhere when null.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <exception cref="ArgumentException">A setting is wrong; the message names each field, its value and the rule.</exception>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<ConsoleServer> StartAsync(
        ConsoleOptions options, ILoggerFactory? loggerFactory = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var errors = options.Validate();
        if (errors.Count > 0)
            throw new ArgumentException("The console cannot start: " + string.Join(' ', errors), nameof(options));

        var app = ConsoleHost.Build(options, loggerFactory ?? NullLoggerFactory.Instance);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e)
        {
            await app.DisposeAsync();
            if (e is IOException { InnerException: AddressInUseException })
                throw new IOException($"The console cannot listen on {options.Listen}: the address is in use by another process. End that one, or choose another with --listen (Listen).", e);
            throw;
        }

        var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var server = new ConsoleServer(app, new Uri(bound));
        ConsoleLog.Serving(app.Services.GetRequiredService<ILoggerFactory>().CreateLogger<ConsoleServer>(), server.Address, options.Bootstrap);
        return server;
    }

    /// <summary>Stops serving and asking.</summary>
    public async ValueTask DisposeAsync()
    {
        using (var grace = new CancellationTokenSource(TimeSpan.FromSeconds(2)))
            await _app.StopAsync(grace.Token);
        await _app.DisposeAsync();
    }
}
