namespace Millrace.Broker.Groups.Consumer;

/// <summary>What ConsumerGroupHeartbeat asks, free of wire versions; null is "as before".</summary>
internal sealed record ConsumerHeartbeat
{
    public required string GroupId { get; init; }

    public required string MemberId { get; init; }

    /// <summary>0 to join, -1 to leave, -2 for a static member that comes back.</summary>
    public required int Epoch { get; init; }

    public string? InstanceId { get; init; }

    public string? RackId { get; init; }

    public int RebalanceTimeoutMs { get; init; } = -1;

    public IReadOnlyList<string>? Topics { get; init; }

    public string? Regex { get; init; }

    public string? ServerAssignor { get; init; }

    public IReadOnlyCollection<TopicIdPartition>? Owned { get; init; }

    public string ClientId { get; init; } = "";

    public string ClientHost { get; init; } = "";

    /// <summary>All that a member says of itself: it wants all that it is to know.</summary>
    public bool IsFull => RebalanceTimeoutMs != -1 && (Topics is not null || Regex is not null) && Owned is not null;
}

/// <summary>The answer to a heartbeat; without an assignment nothing has changed for the member.</summary>
internal sealed record ConsumerHeartbeatResult(string MemberId, int Epoch, int HeartbeatIntervalMs, IReadOnlyCollection<TopicIdPartition>? Assignment);

/// <summary>What a transition of a consumer group leads to: the records that make it so once they are in the log, and the answer that may be given then.</summary>
internal sealed record ConsumerGroupChange<TResult>(IReadOnlyList<ConsumerGroupRecord> Records, TResult Result);

/// <summary>A group of the new protocol as administrators see it.</summary>
internal sealed record ConsumerGroupDescription(
    string GroupId, string State, int Epoch, int AssignmentEpoch, string Assignor, IReadOnlyList<(ConsumerGroupMember Member, IReadOnlySet<TopicIdPartition> Target)> Members);
