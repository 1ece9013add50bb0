namespace Millrace.Broker.Groups;

/// <summary>What is stored of a group in <c>__consumer_offsets</c>; an empty member list is an empty group.</summary>
internal sealed record GroupSnapshot(
    string GroupId,
    string ProtocolType,
    int Generation,
    string? Protocol,
    string? Leader,
    long StateSinceUnixMs,
    IReadOnlyList<MemberSnapshot> Members);

internal sealed record MemberSnapshot(
    string MemberId,
    string? InstanceId,
    string ClientId,
    string ClientHost,
    int RebalanceTimeoutMs,
    int SessionTimeoutMs,
    byte[] Subscription,
    byte[] Assignment);
