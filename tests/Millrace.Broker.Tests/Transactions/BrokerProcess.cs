using Microsoft.Extensions.Logging;
using Millrace.Kafka.Testing;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Transactions;

/// <summary>
/// A broker in a process of its own, so that it can be killed: this very test program, running only <see cref="BrokerProcessBody"/>. It keeps its port and its
/// directory over its lives.
/// </summary>
public sealed class BrokerProcess : IAsyncDisposable
{
    public const string PortVariable = "MILLRACE_TEST_BROKER_PORT";
    public const string DirectoryVariable = "MILLRACE_TEST_BROKER_DIRECTORY";

    private readonly TempDirectory _directory = new("broker");
    private readonly int _port = FreePort.Next();
    private ChildProcess? _process;

    public string Bootstrap => $"127.0.0.1:{_port}";

    public string DataDirectory => _directory.Combine("data");

    public async Task StartAsync()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Millrace.Broker.Tests");
        var environment = new Dictionary<string, string?> { [PortVariable] = $"{_port}", [DirectoryVariable] = DataDirectory };
        _process = await ChildProcess.StartAsync(program, ["--explicit", "only", "--filter-class", typeof(BrokerProcessBody).FullName!], environment);
        await Eventually.True(async () => _process.HasExited || await FreePort.IsOpenAsync(_port), "the broker's port", TimeSpan.FromSeconds(60));
        Assert.False(_process.HasExited, _process.OutputText);
    }

    public async Task KillAsync()
    {
        await _process!.KillAsync();
        await _process.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _directory.Dispose();
    }
}

/// <summary>Not a test: what <see cref="BrokerProcess"/> runs.</summary>
public sealed class BrokerProcessBody
{
    [Fact(Explicit = true)]
    public async Task Serve()
    {
        var directory = Environment.GetEnvironmentVariable(BrokerProcess.DirectoryVariable);
        Assert.SkipWhen(directory is null, "started by BrokerProcess");
        using var loggers = LoggerFactory.Create(static l => l.SetMinimumLevel(LogLevel.Warning));
        await using var kafka = await EmbeddedKafka.StartAsync(o =>
        {
            o.Port = int.Parse(Environment.GetEnvironmentVariable(BrokerProcess.PortVariable)!);
            o.DataDirectory = directory;
            o.LoggerFactory = loggers;
            // As many as in production, so that restarts load what they will have to load there.
            o.Settings["offsets.topic.num.partitions"] = "50";
            o.Settings["transaction.state.log.num.partitions"] = "50";
        });
        await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
    }
}
