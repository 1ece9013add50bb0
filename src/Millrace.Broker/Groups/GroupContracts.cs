using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>One assignment strategy that a member offers, with its subscription in that strategy's encoding.</summary>
internal sealed record GroupProtocol(string Name, byte[] Metadata);

/// <summary>What JoinGroup asks, free of wire versions.</summary>
internal sealed record JoinGroupCommand
{
    public required string GroupId { get; init; }

    /// <summary>Empty for a member that has no id yet.</summary>
    public required string MemberId { get; init; }

    /// <summary><c>group.instance.id</c> of a static member.</summary>
    public string? InstanceId { get; init; }

    public required string ProtocolType { get; init; }

    public required IReadOnlyList<GroupProtocol> Protocols { get; init; }

    public required int SessionTimeoutMs { get; init; }

    public required int RebalanceTimeoutMs { get; init; }

    public string ClientId { get; init; } = "";

    public string ClientHost { get; init; } = "";

    /// <summary>KIP-394 (v4+): a member without id first gets one and joins with it, so that lost responses leave no ghosts.</summary>
    public bool RequireKnownMemberId { get; init; }

    /// <summary>KIP-814 (v9+): a returning static leader may be told to keep the assignment.</summary>
    public bool SupportsSkippingAssignment { get; init; }
}

internal sealed record JoinedMember(string MemberId, string? InstanceId, byte[] Metadata);

internal sealed record JoinGroupResult
{
    public ErrorCode Error { get; init; }

    public int Generation { get; init; } = -1;

    public string? ProtocolType { get; init; }

    public string? ProtocolName { get; init; }

    public string Leader { get; init; } = "";

    public string MemberId { get; init; } = "";

    public bool SkipAssignment { get; init; }

    /// <summary>All members for the leader, none for the others.</summary>
    public IReadOnlyList<JoinedMember> Members { get; init; } = [];

    public static JoinGroupResult Failed(ErrorCode error, string memberId) => new() { Error = error, MemberId = memberId };
}

/// <summary>What SyncGroup asks, free of wire versions.</summary>
internal sealed record SyncGroupCommand
{
    public required string GroupId { get; init; }

    public required string MemberId { get; init; }

    public string? InstanceId { get; init; }

    public required int Generation { get; init; }

    /// <summary>Null before v5.</summary>
    public string? ProtocolType { get; init; }

    /// <summary>Null before v5.</summary>
    public string? ProtocolName { get; init; }

    /// <summary>The leader's assignment by member id; empty from followers.</summary>
    public IReadOnlyDictionary<string, byte[]> Assignments { get; init; } = new Dictionary<string, byte[]>(StringComparer.Ordinal);
}

internal sealed record SyncGroupResult(ErrorCode Error, string? ProtocolType, string? ProtocolName, byte[] Assignment)
{
    public static SyncGroupResult Failed(ErrorCode error) => new(error, null, null, []);
}

/// <summary>Who speaks: the identity that Heartbeat, OffsetCommit and others carry.</summary>
internal readonly record struct MemberIdentity(string MemberId, string? InstanceId, int Generation);

/// <summary>A member as the group's owner sees it (DescribeGroups).</summary>
internal sealed record MemberDescription(
    string MemberId, string? InstanceId, string ClientId, string ClientHost, byte[] Metadata, byte[] Assignment);

internal sealed record GroupDescription(
    string GroupId, GroupState State, string ProtocolType, string Protocol, IReadOnlyList<MemberDescription> Members);
