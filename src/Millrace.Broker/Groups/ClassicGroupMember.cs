namespace Millrace.Broker.Groups;

/// <summary>A member of a classic group. Owned by its group: only the group's owner touches it.</summary>
internal sealed class ClassicGroupMember
{
    public required string MemberId { get; init; }

    public string? InstanceId { get; init; }

    public required string ClientId { get; init; }

    public required string ClientHost { get; init; }

    public required string ProtocolType { get; init; }

    public required IReadOnlyList<GroupProtocol> Protocols { get; set; }

    public required int SessionTimeoutMs { get; set; }

    public required int RebalanceTimeoutMs { get; set; }

    public byte[] Assignment { get; set; } = [];

    /// <summary>The parked JoinGroup; present exactly while the member has joined the coming generation.</summary>
    public TaskCompletionSource<JoinGroupResult>? Join { get; set; }

    /// <summary>The parked SyncGroup.</summary>
    public TaskCompletionSource<SyncGroupResult>? Sync { get; set; }

    /// <summary>Not yet part of a finished generation: it cannot send heartbeats, so it lives as long as its first join may wait.</summary>
    public bool IsNew { get; set; }

    /// <summary>Monotonic milliseconds at which the member is given up.</summary>
    public long Deadline { get; set; }

    public bool IsStatic => InstanceId is not null;

    /// <summary>A member that waits for the coordinator cannot send heartbeats and is not expected to.</summary>
    public bool IsWaiting => Join is not null || Sync is not null;

    public byte[] MetadataOf(string? protocol)
    {
        foreach (var offered in Protocols)
        {
            if (string.Equals(offered.Name, protocol, StringComparison.Ordinal))
            {
                return offered.Metadata;
            }
        }

        return [];
    }

    /// <summary>Whether a rejoin brings exactly the protocols that the group already knows, in the same order.</summary>
    public bool Offers(IReadOnlyList<GroupProtocol> protocols)
    {
        if (protocols.Count != Protocols.Count)
        {
            return false;
        }

        for (var i = 0; i < protocols.Count; i++)
        {
            if (!string.Equals(protocols[i].Name, Protocols[i].Name, StringComparison.Ordinal)
                || !protocols[i].Metadata.AsSpan().SequenceEqual(Protocols[i].Metadata))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The first of the candidates in this member's order of preference.</summary>
    public string Vote(IReadOnlyCollection<string> candidates)
    {
        foreach (var offered in Protocols)
        {
            if (candidates.Contains(offered.Name))
            {
                return offered.Name;
            }
        }

        throw new InvalidOperationException($"Member {MemberId} supports none of the protocols common to its group.");
    }

    public void CompleteJoin(JoinGroupResult result)
    {
        var join = Join;
        Join = null;
        join?.TrySetResult(result);
    }

    public void CompleteSync(SyncGroupResult result)
    {
        var sync = Sync;
        Sync = null;
        sync?.TrySetResult(result);
    }
}
