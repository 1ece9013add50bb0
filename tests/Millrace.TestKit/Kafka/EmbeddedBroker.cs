using Millrace.Kafka.Testing;

namespace Millrace.TestKit.Kafka;

/// <summary>Millrace's own broker in this process, one per test class.</summary>
public sealed class EmbeddedBroker : IKafkaTarget
{
    private EmbeddedKafka? _kafka;

    public string Bootstrap => _kafka?.BootstrapServers ?? throw new InvalidOperationException("The embedded broker is not started.");

    public string Description => "Millrace's broker";

    public async ValueTask InitializeAsync() => _kafka = await EmbeddedKafka.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_kafka is not null) await _kafka.DisposeAsync();
    }
}
