using System.Collections.ObjectModel;
using System.Runtime.InteropServices;

namespace Millrace.Broker.Groups.Consumer;

/// <summary>A partition of a topic by the topic's id: a topic that is deleted and made again is another one.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TopicIdPartition(Guid TopicId, int Partition);

/// <summary>Where a member is on its way to its target assignment; the numbers are those of the records.</summary>
internal enum MemberState : sbyte
{
    /// <summary>The member has what it should have in its epoch.</summary>
    Stable = 0,

    /// <summary>The member must give up partitions before it moves to the next epoch.</summary>
    UnrevokedPartitions = 1,

    /// <summary>The member is in its next epoch, but others still own some of its partitions.</summary>
    UnreleasedPartitions = 2,

    /// <summary>Written by a newer Kafka.</summary>
    Unknown = 127,
}

/// <summary>What a member that speaks the classic protocol brought with its JoinGroup.</summary>
internal sealed record ClassicProtocols(int SessionTimeoutMs, IReadOnlyList<GroupProtocol> Protocols);

/// <summary>
/// A member of a consumer group of KIP-848 at one moment; a change makes a new one. <see cref="Assigned"/> and <see cref="Revoking"/> map a partition to the epoch in
/// which the member got it.
/// </summary>
internal sealed record ConsumerGroupMember
{
    /// <summary>The epoch with which a member leaves.</summary>
    public const int LeavingEpoch = -1;

    /// <summary>The epoch with which a static member leaves for a while.</summary>
    public const int StaticLeavingEpoch = -2;

    public required string MemberId { get; init; }

    public string? InstanceId { get; init; }

    public string? RackId { get; init; }

    public string ClientId { get; init; } = "";

    public string ClientHost { get; init; } = "";

    public int RebalanceTimeoutMs { get; init; } = -1;

    public string? ServerAssignor { get; init; }

    /// <summary>Sorted, as in the records.</summary>
    public IReadOnlyCollection<string> Topics { get; init; } = [];

    /// <summary>Empty if the member has none.</summary>
    public string Regex { get; init; } = "";

    /// <summary>Null for a member that speaks the new protocol.</summary>
    public ClassicProtocols? Classic { get; init; }

    public int Epoch { get; init; }

    public int PreviousEpoch { get; init; } = -1;

    public MemberState State { get; init; }

    public IReadOnlyDictionary<TopicIdPartition, int> Assigned { get; init; } = ReadOnlyDictionary<TopicIdPartition, int>.Empty;

    public IReadOnlyDictionary<TopicIdPartition, int> Revoking { get; init; } = ReadOnlyDictionary<TopicIdPartition, int>.Empty;

    public bool UsesClassicProtocol => Classic is not null;

    /// <summary>The epoch before is remembered also where it is the same: the member has answered in it.</summary>
    public ConsumerGroupMember InEpoch(int epoch) => this with { PreviousEpoch = Epoch, Epoch = epoch };

    public bool IsReconciledTo(int targetEpoch) => State == MemberState.Stable && Epoch == targetEpoch;

    /// <summary>This member's progress with another's subscription.</summary>
    public ConsumerGroupMember WithSubscriptionOf(ConsumerGroupMember other) =>
        other with { MemberId = MemberId, Epoch = Epoch, PreviousEpoch = PreviousEpoch, State = State, Assigned = Assigned, Revoking = Revoking };

    /// <summary>Whether what is stored of the member beside its assignment is the same.</summary>
    public bool HasSameSubscription(ConsumerGroupMember other) =>
        InstanceId == other.InstanceId
        && RackId == other.RackId
        && ClientId == other.ClientId
        && ClientHost == other.ClientHost
        && RebalanceTimeoutMs == other.RebalanceTimeoutMs
        && ServerAssignor == other.ServerAssignor
        && Regex == other.Regex
        && Topics.SequenceEqual(other.Topics, StringComparer.Ordinal)
        && SameProtocols(Classic, other.Classic);

    /// <summary>Whether the member's progress and partitions are the same.</summary>
    public bool HasSameAssignment(ConsumerGroupMember other) =>
        Epoch == other.Epoch
        && PreviousEpoch == other.PreviousEpoch
        && State == other.State
        && Same(Assigned, other.Assigned)
        && Same(Revoking, other.Revoking);

    public static bool Same(IReadOnlyDictionary<TopicIdPartition, int> left, IReadOnlyDictionary<TopicIdPartition, int> right) =>
        ReferenceEquals(left, right)
        || (left.Count == right.Count && left.All(pair => right.TryGetValue(pair.Key, out var epoch) && epoch == pair.Value));

    private static bool SameProtocols(ClassicProtocols? left, ClassicProtocols? right)
    {
        if (left is null || right is null) return ReferenceEquals(left, right);
        return left.SessionTimeoutMs == right.SessionTimeoutMs
            && left.Protocols.Count == right.Protocols.Count
            && left.Protocols.Zip(right.Protocols).All(static p =>
                p.First.Name == p.Second.Name && p.First.Metadata.AsSpan().SequenceEqual(p.Second.Metadata));
    }
}
