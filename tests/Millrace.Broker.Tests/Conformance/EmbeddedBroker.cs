using Millrace.Broker.Tests.Server;
using Millrace.TestKit.Kafka;

namespace Millrace.Broker.Tests.Conformance;

/// <summary>Our broker in this process, as a target of the tests that also run against Apache Kafka.</summary>
public sealed class EmbeddedBroker : IKafkaTarget
{
    private TestBroker _broker = null!;

    public string Bootstrap => _broker.Bootstrap;

    public string Description => "Millrace";

    public async ValueTask InitializeAsync() => _broker = await TestBroker.StartAsync();

    public ValueTask DisposeAsync() => _broker.DisposeAsync();
}
