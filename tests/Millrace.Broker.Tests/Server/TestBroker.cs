using Millrace.Protocol;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Server;

/// <summary>A broker in this process on a free port, with a data directory that outlives a restart.</summary>
internal sealed class TestBroker : IAsyncDisposable
{
    private readonly TempDirectory _directory = new("broker");
    private readonly Func<BrokerOptions, BrokerOptions> _configure;
    private BrokerServer _server = null!;

    private TestBroker(Func<BrokerOptions, BrokerOptions> configure)
    {
        _configure = configure;
    }

    public BrokerServer Server => _server;

    public string Bootstrap => _server.BootstrapServers;

    /// <summary>What it logged.</summary>
    public BrokerLog Log { get; } = new();

    public string DataDirectory => _directory.Combine("data");

    public static async Task<TestBroker> StartAsync(Func<BrokerOptions, BrokerOptions>? configure = null)
    {
        var broker = new TestBroker(configure ?? (static o => o));
        await broker.StartServerAsync();
        return broker;
    }

    public async Task RestartAsync(Action? meanwhile = null)
    {
        await _server.DisposeAsync();
        meanwhile?.Invoke();
        await StartServerAsync();
    }

    public Task<WireClient> ConnectAsync() => WireClient.ConnectAsync(_server.EndPoint);

    /// <summary>One request over a connection of its own.</summary>
    public async Task<TResponse> AskAsync<TResponse>(IKafkaRequest<TResponse> request, short version)
        where TResponse : class, IKafkaResponse, new()
    {
        await using var client = await ConnectAsync();
        return await client.AskAsync(request, version);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    private async Task StartServerAsync() => _server = await BrokerServer.StartAsync(_configure(new BrokerOptions
    {
        Listen = "127.0.0.1:0",
        DataDirectory = DataDirectory,
        Settings = new Dictionary<string, string> { ["offsets.topic.num.partitions"] = "4", ["transaction.state.log.num.partitions"] = "4", ["group.initial.rebalance.delay.ms"] = "0" },
    }), Log);
}
