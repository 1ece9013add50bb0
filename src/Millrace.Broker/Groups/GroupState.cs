namespace Millrace.Broker.Groups;

/// <summary>States of a classic consumer group; the names on the wire are Kafka's.</summary>
internal enum GroupState
{
    /// <summary>No members; committed offsets may remain.</summary>
    Empty,

    /// <summary>Waiting for members to (re)join.</summary>
    PreparingRebalance,

    /// <summary>Members have joined; waiting for the leader's assignment.</summary>
    CompletingRebalance,

    /// <summary>Members have their assignments.</summary>
    Stable,

    /// <summary>Deleted; only seen by requests that raced with the deletion.</summary>
    Dead,
}
