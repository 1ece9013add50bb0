using Millrace.Streams.Connectors;

namespace Millrace.Streams.Kafka;

/// <summary>Begins the description of a sink: <c>KafkaSink.Builder&lt;Alert&gt;()…Build()</c>.</summary>
public static class KafkaSink
{
    /// <summary>A new builder.</summary>
    /// <typeparam name="T">The type of the results.</typeparam>
    public static KafkaSinkBuilder<T> Builder<T>() => new();
}

/// <summary>Writes results to a topic.</summary>
/// <typeparam name="T">The type of the results.</typeparam>
public sealed class KafkaSink<T> : ISink<T>
{
    internal KafkaSink(KafkaSinkSettings settings, Func<T, KafkaOutputRecord> serialize)
    {
        Settings = settings;
        Serialize = serialize;
    }

    internal KafkaSinkSettings Settings { get; }

    internal Func<T, KafkaOutputRecord> Serialize { get; }

    /// <inheritdoc/>
    public ICommitPointFactory? CommitPoint =>
        Settings.Guarantee == DeliveryGuarantee.ExactlyOnce ? new KafkaCommitPointFactory(Settings) : null;

    /// <inheritdoc/>
    public ISinkWriter<T> CreateWriter(SinkContext context) => Settings.Guarantee == DeliveryGuarantee.ExactlyOnce
        ? new ExactlyOnceWriter<T>(this, (KafkaCommitPoint)context.CommitPoint!)
        : new AtLeastOnceWriter<T>(this);
}
