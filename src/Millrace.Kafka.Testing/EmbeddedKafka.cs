using Millrace.Broker;

namespace Millrace.Kafka.Testing;

/// <summary>
/// A Kafka for tests: one broker in this process, on a free port of loopback, with any Kafka client as its client.
/// <code>await using var kafka = await EmbeddedKafka.StartAsync();</code>
/// </summary>
public sealed class EmbeddedKafka : IAsyncDisposable
{
    private readonly BrokerServer _broker;
    private readonly string? _temporary;

    private EmbeddedKafka(BrokerServer broker, string dataDirectory, string? temporary)
    {
        _broker = broker;
        _temporary = temporary;
        DataDirectory = dataDirectory;
    }

    /// <summary>What a client writes into <c>bootstrap.servers</c>.</summary>
    public string BootstrapServers => _broker.BootstrapServers;

    /// <summary>The directory with the broker's data, in Kafka's own format.</summary>
    public string DataDirectory { get; }

    /// <summary>Starts a broker that serves when the task completes.</summary>
    /// <param name="configure">Changes the options; null takes the defaults.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <returns>The running broker.</returns>
    /// <exception cref="BrokerStartException">The broker cannot start: the port is in use, the data directory is not usable, or a setting is not valid.</exception>
    public static async Task<EmbeddedKafka> StartAsync(Action<EmbeddedKafkaOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        var options = new EmbeddedKafkaOptions();
        configure?.Invoke(options);
        var temporary = options.DataDirectory is null ? Directory.CreateTempSubdirectory("millrace-kafka-").FullName : null;
        var directory = options.DataDirectory ?? temporary!;
        try
        {
            var broker = await BrokerServer.StartAsync(
                new BrokerOptions
                {
                    Listen = $"127.0.0.1:{options.Port}",
                    DataDirectory = directory,
                    DefaultPartitions = options.DefaultPartitions,
                    Settings = new Dictionary<string, string>(options.Settings, StringComparer.Ordinal),
                },
                options.LoggerFactory,
                options.TimeProvider,
                cancellationToken).ConfigureAwait(false);
            return new EmbeddedKafka(broker, directory, temporary);
        }
        catch
        {
            Delete(temporary);
            throw;
        }
    }

    /// <summary>Stops the broker, and deletes its data unless a directory was named.</summary>
    /// <returns>A task that completes when the port and the directory are free.</returns>
    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync().ConfigureAwait(false);
        Delete(_temporary);
    }

    private static void Delete(string? directory)
    {
        if (directory is not null && Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
    }
}
