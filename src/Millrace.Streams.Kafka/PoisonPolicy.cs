namespace Millrace.Streams.Kafka;

/// <summary>What happens to a record that the deserialiser cannot read.</summary>
public sealed class PoisonPolicy
{
    private PoisonPolicy(PoisonAction action, string? topic = null)
    {
        Action = action;
        DeadLetterTopic = topic;
    }

    /// <summary>The job fails and says which record it was. The default: nothing is lost unseen.</summary>
    public static PoisonPolicy Fail { get; } = new(PoisonAction.Fail);

    /// <summary>The record is passed over, counted and logged.</summary>
    public static PoisonPolicy Skip { get; } = new(PoisonAction.Skip);

    internal PoisonAction Action { get; }

    internal string? DeadLetterTopic { get; }

    /// <summary>The record goes to a topic as it is, with headers that say where it came from and why, before the job goes on.</summary>
    public static PoisonPolicy DeadLetter(string topic)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(topic);
        return new PoisonPolicy(PoisonAction.DeadLetter, topic);
    }
}

internal enum PoisonAction
{
    Fail,
    Skip,
    DeadLetter,
}
