using Confluent.Kafka;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.Tests.Support;
using Millrace.TestKit;

namespace Millrace.Kafka.Tests.Consuming;

public sealed class ReaderWithoutBrokerTests
{
    [Theory]
    [InlineData("group.idd", "x", "group.idd")]
    [InlineData("session.timeout.ms", "soon", "session.timeout.ms")]
    [InlineData("partition.assignment.strategy", "no-such", "no-such")]
    public void A_wrong_key_or_value_is_named(string key, string value, string named)
    {
        var error = Assert.Throws<ArgumentException>(() => KafkaRecordReader.Create(TestTopics.ReaderConfig("127.0.0.1:1", "g", (key, value))));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unreachable_broker_is_a_retriable_error()
    {
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig($"127.0.0.1:{FreePort.Next()}", "g"));
        reader.Subscribe(["t"]);
        ReaderError? error = null;
        reader.PollUntil(() => error is not null, "the error", b => error ??= b.Events.OfType<ReaderError>().FirstOrDefault());
        Assert.True(error!.IsRetriable, error.ToString());
        Assert.False(error.IsFatal);
    }

    [Fact]
    public void Both_clients_use_one_copy_of_the_native_library()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        using var producer = TestTopics.Producer("127.0.0.1:1");
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig("127.0.0.1:1"));
        var files = File.ReadLines("/proc/self/maps").Where(l => l.Contains("librdkafka", StringComparison.Ordinal))
            .Select(l => l[l.IndexOf('/', StringComparison.Ordinal)..]).Distinct(StringComparer.Ordinal);
        Assert.Single(files);
        Assert.Equal(Library.Version, Millrace.Kafka.Native.LibRdKafka.rd_kafka_version());
    }
}
