namespace Millrace.Broker.Groups.Consumer;

/// <summary>The deadlines of members. They are not stored: after a restart every member has its full time again.</summary>
internal sealed partial class ConsumerGroup
{
    /// <summary>How long a member that could not be removed, as its records were not written, is left alone.</summary>
    private const int RetryMs = 500;

    private readonly Dictionary<string, MemberDeadlines> _timers = new(StringComparer.Ordinal);

    /// <summary>Monotonic milliseconds at which <see cref="TakeExpired"/> must run again; may be earlier than needed, never later.</summary>
    public long NextDeadline { get; private set; } = long.MaxValue;

    /// <summary>Starts the clocks of members that were read from the log, or came over from a classic group.</summary>
    public void Resume()
    {
        foreach (var member in _members.Values)
        {
            KeepAlive(member.MemberId, member.Classic?.SessionTimeoutMs ?? _options.ConsumerSessionTimeoutMs);
            if (!member.UsesClassicProtocol) WatchRevocation(member);
        }
    }

    /// <summary>Takes a member whose time is over and why; null when there is none. It gets a short grace, in which the owner removes it.</summary>
    public (ConsumerGroupMember Member, string Reason)? TakeExpired()
    {
        var now = _clock.NowMs;
        foreach (var (memberId, deadlines) in _timers)
        {
            if (!_members.TryGetValue(memberId, out var member)) continue;
            if (deadlines.Rebalance <= now && member.Epoch != deadlines.RebalanceEpoch) deadlines.Rebalance = long.MaxValue;
            if (deadlines.Reason(now) is not { } reason) continue;
            deadlines.Session = now + RetryMs;
            deadlines.Rebalance = deadlines.Join = deadlines.Sync = long.MaxValue;
            return (member, reason);
        }

        NextDeadline = long.MaxValue;
        foreach (var deadlines in _timers.Values) Watch(deadlines.Earliest);
        return null;
    }

    private void KeepAlive(string memberId, int sessionTimeoutMs) => Watch(Deadlines(memberId).Session = _clock.NowMs + sessionTimeoutMs);

    /// <summary>A member that must give up partitions has its rebalance timeout for it.</summary>
    private void WatchRevocation(ConsumerGroupMember member)
    {
        var deadlines = Deadlines(member.MemberId);
        deadlines.RebalanceEpoch = member.Epoch;
        deadlines.Rebalance = member.State == MemberState.UnrevokedPartitions ? _clock.NowMs + member.RebalanceTimeoutMs : long.MaxValue;
        Watch(deadlines.Rebalance);
    }

    private MemberDeadlines Deadlines(string memberId)
    {
        if (!_timers.TryGetValue(memberId, out var deadlines)) _timers[memberId] = deadlines = new MemberDeadlines();
        return deadlines;
    }

    private void Watch(long deadline)
    {
        if (deadline < NextDeadline) NextDeadline = deadline;
    }

    private sealed class MemberDeadlines
    {
        public long Session { get; set; } = long.MaxValue;

        public long Rebalance { get; set; } = long.MaxValue;

        public int RebalanceEpoch { get; set; }

        /// <summary>Until when a classic member must join again.</summary>
        public long Join { get; set; } = long.MaxValue;

        /// <summary>Until when a classic member must fetch its assignment.</summary>
        public long Sync { get; set; } = long.MaxValue;

        public long Earliest => Math.Min(Math.Min(Session, Rebalance), Math.Min(Join, Sync));

        public string? Reason(long now)
        {
            if (Session <= now) return "its session expired";
            if (Rebalance <= now) return "it did not give up its partitions within its rebalance timeout";
            if (Join <= now) return "it did not join again within its rebalance timeout";
            return Sync <= now ? "it did not fetch its assignment within its rebalance timeout" : null;
        }
    }
}
