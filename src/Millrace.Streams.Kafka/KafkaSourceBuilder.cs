namespace Millrace.Streams.Kafka;

/// <summary>Describes a <see cref="KafkaSource{T}"/>.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
public sealed class KafkaSourceBuilder<T>
{
    private readonly ClientSettings _client = new(
        "Kafka source",
        ("group.id", "Use SetGroupId."),
        ("enable.auto.commit", "Offsets are committed by checkpoints."),
        ("auto.offset.reset", "Use SetStartingOffsets."),
        ("isolation.level", "The source reads committed records only."));

    private string[] _topics = [];
    private string? _groupId;
    private OffsetsInitializer _start = OffsetsInitializer.CommittedOffsets();
    private OffsetsInitializer? _end;
    private TimeSpan? _discovery = TimeSpan.FromMinutes(5);
    private PoisonPolicy _poison = PoisonPolicy.Fail;
    private IKafkaDeserializer<T>? _deserializer;

    internal KafkaSourceBuilder()
    {
    }

    /// <summary>The brokers to ask first: <c>host:port</c>, separated by commas.</summary>
    public KafkaSourceBuilder<T> SetBootstrapServers(string servers)
    {
        _client.BootstrapServers = servers;
        return this;
    }

    /// <summary>The topics to read.</summary>
    public KafkaSourceBuilder<T> SetTopics(params string[] topics)
    {
        _topics = topics;
        return this;
    }

    /// <summary>The consumer group that offsets are committed to. Partitions are not assigned by the group: the job reads them all.</summary>
    public KafkaSourceBuilder<T> SetGroupId(string groupId)
    {
        _groupId = groupId;
        return this;
    }

    /// <summary>Where to begin when the job starts without a checkpoint.</summary>
    /// <value>At the committed offsets, else at the earliest record.</value>
    public KafkaSourceBuilder<T> SetStartingOffsets(OffsetsInitializer offsets)
    {
        _start = offsets;
        return this;
    }

    /// <summary>Makes the source bounded: it ends where the partitions end when the job starts (<see cref="OffsetsInitializer.Latest"/>), or at other offsets.</summary>
    public KafkaSourceBuilder<T> SetBounded(OffsetsInitializer stoppingOffsets)
    {
        _end = stoppingOffsets;
        return this;
    }

    /// <summary>How often to look for new partitions; <see langword="null"/> for never. New partitions are read from their beginning.</summary>
    /// <value>5 minutes by default.</value>
    public KafkaSourceBuilder<T> SetPartitionDiscovery(TimeSpan? interval)
    {
        _discovery = interval;
        return this;
    }

    /// <summary>What happens to a record that the deserialiser cannot read.</summary>
    /// <value><see cref="PoisonPolicy.Fail"/> by default.</value>
    public KafkaSourceBuilder<T> SetPoisonPolicy(PoisonPolicy policy)
    {
        _poison = policy;
        return this;
    }

    /// <summary>How records become elements.</summary>
    public KafkaSourceBuilder<T> SetDeserializer(IKafkaDeserializer<T> deserializer)
    {
        _deserializer = deserializer;
        return this;
    }

    /// <summary>How values become elements; tombstones are passed over.</summary>
    public KafkaSourceBuilder<T> SetValueOnlyDeserializer(Func<ReadOnlySpan<byte>, T> deserialize) => SetDeserializer(KafkaDeserializers.Value(deserialize));

    /// <summary>Another setting of the client, by its librdkafka name (security, fetch sizes).</summary>
    public KafkaSourceBuilder<T> SetProperty(string key, string value)
    {
        _client.Properties[key] = value;
        return this;
    }

    /// <summary>The source.</summary>
    /// <exception cref="InvalidOperationException">Something is missing or contradictory; the message names it.</exception>
    public KafkaSource<T> Build()
    {
        _client.Check();
        _client.Require(_topics.Length > 0 && Array.TrueForAll(_topics, static topic => !string.IsNullOrWhiteSpace(topic)), "topics must be set (SetTopics)");
        _client.Require(!string.IsNullOrWhiteSpace(_groupId), "a consumer group must be set (SetGroupId)");
        _client.Require(_deserializer is not null, "a deserializer must be set (SetDeserializer)");

        return new KafkaSource<T>(
            new KafkaSourceSettings(_client.BootstrapServers!, [.. _topics.Distinct(StringComparer.Ordinal)], _groupId!, _start, _end, _discovery, _poison, _client.Properties),
            _deserializer!);
    }
}
