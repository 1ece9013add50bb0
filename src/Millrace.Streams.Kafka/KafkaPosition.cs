using System.Globalization;
using Millrace.Streams.Connectors;

namespace Millrace.Streams.Kafka;

/// <summary>A partition as a split: <c>topic-partition</c>, at <c>offset</c> or at <c>offset/stop</c> when the source is bounded.</summary>
internal readonly record struct KafkaPosition(string Topic, int Partition, long Offset, long Stop)
{
    public const long NoStop = long.MaxValue;

    public static string IdOf(string topic, int partition) => string.Create(CultureInfo.InvariantCulture, $"{topic}-{partition}");

    public static KafkaPosition Parse(SourceSplit split)
    {
        var dash = split.Id.LastIndexOf('-');
        var slash = split.Position.IndexOf('/', StringComparison.Ordinal);
        var offset = slash < 0 ? split.Position.AsSpan() : split.Position.AsSpan(0, slash);
        if (dash < 1 || !int.TryParse(split.Id.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            || !long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var at))
        {
            throw new CheckpointException($"'{split.Id}' at '{split.Position}' is no position in a Kafka topic. Did the source with this uid read something else before?");
        }

        var stop = slash < 0 ? NoStop : long.Parse(split.Position.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture);
        return new KafkaPosition(split.Id[..dash], partition, at, stop);
    }

    public SourceSplit ToSplit() => new(IdOf(Topic, Partition), Stop == NoStop
        ? Offset.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Offset}/{Stop}"));
}
