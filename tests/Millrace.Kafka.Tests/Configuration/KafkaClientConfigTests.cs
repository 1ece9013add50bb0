using CsCheck;
using Millrace.Kafka.Configuration;

namespace Millrace.Kafka.Tests.Configuration;

public sealed class KafkaClientConfigTests
{
    private const string Producer =
        """
        acks=all
        retries=2147483647
        max.in.flight.requests.per.connection=5
        enable.idempotence=true
        batch.size=16384
        linger.ms=5
        compression.type=lz4
        """;

    private const string Consumer =
        """
        partition.assignment.strategy=org.apache.kafka.clients.consumer.CooperativeStickyAssignor
        group.instance.id=consumer-host-1
        session.timeout.ms=30000
        heartbeat.interval.ms=10000
        """;

    [Fact]
    public void A_java_producers_file_is_read_as_it_stands()
    {
        var config = KafkaClientConfig.Parse(Producer, "producer.properties", KafkaClientRole.Producer);
        Assert.Equal(7, config.Native.Count);
        Assert.Equal("2147483647", config.Native["retries"]);
        Assert.Equal("lz4", config.Native["compression.type"]);
        Assert.Equal(Enumerable.Range(1, 7), config.Entries.Select(e => e.Line));
        Assert.Equal("a record is acknowledged when all in-sync replicas have it", config.Entries[0].Effect);
        Assert.Equal(KafkaClientRole.Producer, KafkaClientConfig.Recognise(config.Entries.Select(e => e.Key)));
        using var producer = new Confluent.Kafka.ProducerBuilder<string, string>(config.Native).Build();
    }

    [Fact]
    public void A_java_consumers_file_is_read_as_it_stands()
    {
        var config = KafkaClientConfig.Parse(Consumer, "consumer.properties", KafkaClientRole.Consumer);
        Assert.Equal("cooperative-sticky", config.Native["partition.assignment.strategy"]);
        Assert.Equal("a static member: consumer-host-1 keeps its partitions when it comes back within session.timeout.ms", config.Entries[1].Effect);
        Assert.Equal(KafkaClientRole.Consumer, KafkaClientConfig.Recognise(config.Entries.Select(e => e.Key)));
    }

    [Theory]
    [InlineData("acks=all\nackz=1", "p:2: ackz: is not a key that Kafka's clients know. Check its spelling, or remove it.")]
    [InlineData("enable.idempotence=true\n\nacks=1", "p:3: acks: contradicts enable.idempotence=true, which needs acks=all.")]
    [InlineData("enable.idempotence=true\nretries=0", "p:2: retries: contradicts enable.idempotence=true, which needs at least 1.")]
    [InlineData("enable.idempotence=true\nmax.in.flight.requests.per.connection=6", "p:2: max.in.flight.requests.per.connection: contradicts enable.idempotence=true, which keeps order for at most 5.")]
    [InlineData("transactional.id=a\nenable.idempotence=false", "p:2: enable.idempotence: a transactional producer is always idempotent. Remove it, or remove transactional.id.")]
    [InlineData("linger.ms=5\nqueue.buffering.max.ms=6", "p:2: queue.buffering.max.ms: means the same as linger.ms, which is set on line 1. Remove one of them.")]
    [InlineData("linger.ms=5\nlinger.ms=5", "p:2: linger.ms: is set before on line 1. Remove one of them.")]
    [InlineData("group.id=g", "p:1: group.id: is a consumer's key, and this configures a producer. Remove it.")]
    [InlineData("buffer.memory=lots", "p:1: buffer.memory: 'lots' is not a whole number of at least 1024.")]
    [InlineData("interceptor.classes=com.example.I", "p:1: interceptor.classes: a Java class cannot be loaded. Remove the key; tracing is built in.")]
    [InlineData("key.serializer=com.example.MySerializer", "p:1: key.serializer: 'com.example.MySerializer' is not known.")]
    [InlineData("sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required;", "p:1: sasl.jaas.config: only PlainLoginModule")]
    [InlineData("ssl.truststore.location=/x.jks", "p:1: ssl.truststore.location: a Java trust store cannot be read here.")]
    public void A_wrong_producer_key_is_an_error_with_file_line_and_key(string text, string message)
    {
        var error = Assert.Throws<KafkaConfigException>(() => KafkaClientConfig.Parse(text, "p", KafkaClientRole.Producer));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("partition.assignment.strategy=org.apache.kafka.clients.consumer.StickyAssignor", "c:1: partition.assignment.strategy: the eager StickyAssignor")]
    [InlineData("partition.assignment.strategy=RangeAssignor,CooperativeStickyAssignor", "c:1: partition.assignment.strategy: librdkafka does not mix")]
    [InlineData("session.timeout.ms=6000\nheartbeat.interval.ms=6000", "c:2: heartbeat.interval.ms: must be lower")]
    [InlineData("group.protocol=consumer\nsession.timeout.ms=6000", "c:2: session.timeout.ms: contradicts group.protocol=consumer")]
    [InlineData("auto.offset.reset=by_duration:PT1H", "c:1: auto.offset.reset: ")]
    [InlineData("acks=all", "c:1: acks: is a producer's key")]
    public void A_wrong_consumer_key_is_an_error_with_file_line_and_key(string text, string message)
    {
        var error = Assert.Throws<KafkaConfigException>(() => KafkaClientConfig.Parse(text, "c", KafkaClientRole.Consumer));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_errors_are_listed_at_once()
    {
        var error = Assert.Throws<KafkaConfigException>(() => KafkaClientConfig.Parse("a=1\nacks=2x\nb=3", "f", KafkaClientRole.Producer));
        Assert.Equal([1, 2, 3], error.Errors.Select(e => e.Line));
    }

    [Fact]
    public void Javas_names_reach_librdkafka_under_its_own()
    {
        var config = KafkaClientConfig.Parse(
            """
            bootstrap.servers = a:1,b:2
            security.protocol=SASL_SSL
            sasl.mechanism=SCRAM-SHA-512
            sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="ann" password="p\\"w";
            fetch.max.wait.ms=100
            max.poll.records=250
            receive.buffer.bytes=-1
            value.deserializer=io.confluent.kafka.serializers.KafkaAvroDeserializer
            schema.registry.url=http://r:8081
            auto.offset.reset=none
            """,
            "c",
            KafkaClientRole.Consumer);
        Assert.Equal(("ann", "p\"w"), (config.Native["sasl.username"], config.Native["sasl.password"]));
        Assert.Equal("100", config.Native["fetch.wait.max.ms"]);
        Assert.Equal("0", config.Native["socket.receive.buffer.bytes"]);
        Assert.Equal("error", config.Native["auto.offset.reset"]);
        Assert.Equal(250, config.MaxPollRecords);
        Assert.Equal("avro", config.Serde["value.deserializer"]);
        Assert.DoesNotContain(config.Entries, e => e.Value.Contains("ann", StringComparison.Ordinal) || e.Effect.Contains("p\"w", StringComparison.Ordinal));
    }

    [Fact]
    public void Properties_files_follow_javas_grammar()
    {
        var lines = PropertiesFile.Parse("# c\n! c\n\n a = 1 \nb:2\nc 3\nd=x\\\n   y\ne\\=f=g\\u0041\\t\nempty\ndc1->dc2.enabled = true");
        Assert.Equal(
            [new(4, "a", "1 "), new(5, "b", "2"), new(6, "c", "3"), new(7, "d", "xy"), new(9, "e=f", "gA\t"), new(10, "empty", ""), new(11, "dc1->dc2.enabled", "true")],
            lines);
        Assert.Throws<FormatException>(() => PropertiesFile.Parse("a=\\u12"));
    }

    [Fact]
    public void No_text_makes_the_parser_fail_otherwise_than_with_its_own_error() =>
        Gen.String[Gen.Char["ab=: \\u041#!\n\r\t\"acks.retries"], 0, 60].Sample(text =>
        {
            try
            {
                PropertiesFile.Parse(text);
                KafkaClientConfig.Parse(text, "f", KafkaClientRole.Producer);
            }
            catch (Exception e) when (e is FormatException or KafkaConfigException)
            {
                Assert.NotEmpty(e.Message);
            }
        }, iter: 3000, seed: "0000000000001");
}
