using System.Runtime.InteropServices;

namespace Millrace.Broker.Sharing;

/// <summary>What has become of a record in a share group; the numbers are those of Kafka's stored state.</summary>
internal enum DeliveryState : sbyte
{
    /// <summary>To be delivered, for the first time or again.</summary>
    Available = 0,

    /// <summary>With a consumer, until it answers or its time is over. This is never stored.</summary>
    Acquired = 1,

    /// <summary>Accepted.</summary>
    Acknowledged = 2,

    /// <summary>Given up: rejected, delivered too often, or no record at all.</summary>
    Archived = 4,
}

/// <summary>Offsets that follow one another and share their state.</summary>
/// <param name="First">The first offset.</param>
/// <param name="Last">The last offset.</param>
/// <param name="State">The state.</param>
/// <param name="Count">How often the records were delivered.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DeliveryRun(long First, long Last, DeliveryState State, short Count)
{
    /// <summary>Who has acquired the records.</summary>
    public string? Member { get; init; }

    /// <summary>Until when, in monotonic milliseconds.</summary>
    public long Deadline { get; init; }

    public long Length => Last - First + 1;

    public bool IsTerminal => State is DeliveryState.Acknowledged or DeliveryState.Archived;

    public bool HasStateOf(in DeliveryRun other) => State == other.State && Count == other.Count && Deadline == other.Deadline && Member == other.Member;
}
