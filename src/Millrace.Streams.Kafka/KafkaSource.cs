using Millrace.Streams.Connectors;

namespace Millrace.Streams.Kafka;

/// <summary>Begins the description of a source: <c>KafkaSource.Builder&lt;Transaction&gt;()…Build()</c>.</summary>
public static class KafkaSource
{
    /// <summary>A new builder.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    public static KafkaSourceBuilder<T> Builder<T>() => new();
}

/// <summary>
/// Reads topics. Each partition is read by one subtask, in order, with a watermark of its own. Positions are part of the checkpoints; the consumer group is told
/// about them at each checkpoint (in the sink's transaction, when there is an exactly-once sink), but never asked, except for the first start.
/// </summary>
/// <typeparam name="T">The type of the elements.</typeparam>
public sealed class KafkaSource<T> : ISource<T>, IKafkaSource
{
    internal KafkaSource(KafkaSourceSettings settings, IKafkaDeserializer<T> deserializer)
    {
        Settings = settings;
        Deserializer = deserializer;
    }

    /// <inheritdoc/>
    public bool IsBounded => Settings.BoundedAt is not null;

    /// <inheritdoc/>
    public TimeSpan? DiscoveryInterval => IsBounded ? null : Settings.PartitionDiscoveryInterval;

    KafkaSourceSettings IKafkaSource.Settings => Settings;

    internal KafkaSourceSettings Settings { get; }

    internal IKafkaDeserializer<T> Deserializer { get; }

    /// <inheritdoc/>
    public ISplitEnumerator CreateEnumerator(SourceContext context) => new KafkaSplitEnumerator(Settings, context);

    /// <inheritdoc/>
    public ISourceReader<T> CreateReader(SourceReaderContext context) => new KafkaSourceReader<T>(this, context);
}
