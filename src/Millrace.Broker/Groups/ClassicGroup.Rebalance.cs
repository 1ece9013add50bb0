using Millrace.Protocol;

namespace Millrace.Broker.Groups;

/// <summary>From the first join of a rebalance to the new generation, and the deadlines on the way.</summary>
internal sealed partial class ClassicGroup
{
    private long _joinDeadline = long.MaxValue;
    private long _syncDeadline = long.MaxValue;

    /// <summary>What is left of the time that the first rebalance may wait for further members; negative outside of it.</summary>
    private long _initialDelayLeftMs = -1;

    private bool _joinedDuringInitialDelay;

    /// <summary>All members are to join anew.</summary>
    public void StartRebalance() => Rebalance();

    /// <summary>Starts a rebalance, or finishes the running one if this was the last member that it waited for.</summary>
    private void Rebalance()
    {
        if (State == GroupState.PreparingRebalance)
        {
            MaybeCompleteJoin();
            return;
        }

        if (State == GroupState.CompletingRebalance) AbandonAssignments(ErrorCode.RebalanceInProgress);
        var initial = State == GroupState.Empty;
        _pendingSyncs.Clear();
        _syncDeadline = long.MaxValue;
        TransitionTo(GroupState.PreparingRebalance);
        if (initial && _options.InitialRebalanceDelayMs > 0)
        {
            _joinedDuringInitialDelay = false;
            _initialDelayLeftMs = Math.Max(RebalanceTimeoutMs - _options.InitialRebalanceDelayMs, 0);
            SetJoinDeadline(_options.InitialRebalanceDelayMs);
        }
        else
        {
            _initialDelayLeftMs = -1;
            SetJoinDeadline(RebalanceTimeoutMs);
            MaybeCompleteJoin();
        }
    }

    private void SetJoinDeadline(long afterMs)
    {
        _joinDeadline = _clock.NowMs + afterMs;
        Watch(_joinDeadline);
    }

    private void MaybeCompleteJoin()
    {
        if (State == GroupState.PreparingRebalance && _initialDelayLeftMs < 0 && AllJoined) CompleteJoin();
    }

    private void OnJoinDeadline()
    {
        if (_initialDelayLeftMs > 0 && _joinedDuringInitialDelay)
        {
            // Members still arrive: wait one more delay, but never longer than the rebalance timeout in total.
            _joinedDuringInitialDelay = false;
            var delay = Math.Min(_options.InitialRebalanceDelayMs, _initialDelayLeftMs);
            _initialDelayLeftMs -= delay;
            SetJoinDeadline(delay);
            return;
        }

        CompleteJoin();
    }

    private void CompleteJoin()
    {
        _joinDeadline = long.MaxValue;
        _initialDelayLeftMs = -1;
        // Dynamic members that did not come are gone; static ones keep their place until their session ends (KIP-345).
        foreach (var absent in _members.Values.Where(static m => m.Join is null && !m.IsStatic).ToList()) Remove(absent);
        if (_members.Count > 0 && !ElectJoinedLeader())
        {
            SetJoinDeadline(RebalanceTimeoutMs);
            return;
        }

        Generation++;
        if (_members.Count == 0)
        {
            ProtocolName = null;
            LeaderId = null;
            TransitionTo(GroupState.Empty);
            // Nobody waits for this one: if the write fails, loading brings back members that expire again.
            _writes.Enqueue(static _ => { });
            return;
        }

        ProtocolName = SelectProtocol();
        TransitionTo(GroupState.CompletingRebalance);
        var timeout = RebalanceTimeoutMs;
        foreach (var member in _members.Values)
        {
            member.Assignment = [];
            member.IsNew = false;
            KeepAlive(member);
            _pendingSyncs.Add(member.MemberId);
            member.CompleteJoin(JoinedResult(member));
        }

        _syncDeadline = _clock.NowMs + timeout;
        Watch(_syncDeadline);
    }

    /// <summary>Keeps the leader if it came, else takes the first member that did. False if only absent static members are left.</summary>
    private bool ElectJoinedLeader()
    {
        if (LeaderId is { } leader && _members.TryGetValue(leader, out var current) && current.Join is not null) return true;
        var successor = _members.Values.FirstOrDefault(static m => m.Join is not null);
        if (successor is not null) LeaderId = successor.MemberId;
        return successor is not null;
    }

    /// <summary>Each member votes for its favourite among the protocols that all support; the leader's order decides a draw.</summary>
    private string SelectProtocol()
    {
        var arbiter = LeaderId is { } leader && _members.TryGetValue(leader, out var known) ? known : _members.GetAt(0).Value;
        List<string> candidates = [.. arbiter.Protocols.Select(static p => p.Name).Where(name => _members.Values.All(m => Offers(m, name)))];
        if (candidates.Count == 0) throw new InvalidOperationException($"The members of group {GroupId} have no protocol in common.");
        var votes = _members.Values.CountBy(m => m.Vote(candidates), StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        return candidates.MaxBy(name => votes.GetValueOrDefault(name))!;
    }

    /// <summary>Runs all deadlines that have passed and computes the next one.</summary>
    public void OnTime()
    {
        if (State == GroupState.Dead)
        {
            NextDeadline = long.MaxValue;
            return;
        }

        var now = _clock.NowMs;
        foreach (var (memberId, _) in _pendingJoins.Where(p => p.Value <= now).ToList()) _pendingJoins.Remove(memberId);
        var expired = _members.Values.Where(m => IsExpired(m, now)).ToList();
        expired.ForEach(Remove);
        if (expired.Count > 0 && State != GroupState.Empty) Rebalance();
        MaybeCompleteJoin();
        if (_syncDeadline <= now) OnSyncDeadline();
        if (_joinDeadline <= now) OnJoinDeadline();

        NextDeadline = Math.Min(_joinDeadline, _syncDeadline);
        foreach (var deadline in _pendingJoins.Values) Watch(deadline);
        foreach (var member in _members.Values)
        {
            // A member that waits for us gets a new deadline with its answer.
            if (!member.IsWaiting || member.IsNew) Watch(member.Deadline);
        }
    }

    private static bool IsExpired(ClassicGroupMember member, long now) => member.Deadline <= now && (!member.IsWaiting || member.IsNew);

    private void OnSyncDeadline()
    {
        _syncDeadline = long.MaxValue;
        if (_pendingSyncs.Count == 0 || State is not (GroupState.CompletingRebalance or GroupState.Stable)) return;
        foreach (var memberId in _pendingSyncs.ToList())
        {
            if (_members.TryGetValue(memberId, out var member)) Remove(member);
        }

        _pendingSyncs.Clear();
        Rebalance();
    }
}
