namespace Millrace.TestKit.Kafka;

/// <summary>
/// A running Kafka that an integration test talks to. The same tests run against our broker and against Apache Kafka: write them once in
/// an abstract class with the target as its type parameter, and derive one sealed class per target.
/// </summary>
public interface IKafkaTarget : IAsyncLifetime
{
    /// <summary>host:port[,host:port…]. Reading it skips the test, with the reason, where this target is not available.</summary>
    string Bootstrap { get; }

    /// <summary>For messages: what runs there.</summary>
    string Description { get; }
}
