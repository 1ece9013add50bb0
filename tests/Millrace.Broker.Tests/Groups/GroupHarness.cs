using Microsoft.Extensions.Time.Testing;
using Millrace.Broker.Coordination;
using Millrace.Broker.Groups;
using Millrace.Protocol;

namespace Millrace.Broker.Tests.Groups;

/// <summary>A group's state machine with a clock that the test moves and a log that always works unless told otherwise.</summary>
internal sealed class GroupHarness
{
    public const int SessionMs = 10_000;
    public const int RebalanceMs = 60_000;

    public GroupHarness(GroupCoordinatorOptions? options = null)
    {
        Group = new ClassicGroup("g", options ?? new GroupCoordinatorOptions(), Clock);
    }

    public FakeTimeProvider Clock { get; } = new();

    public ClassicGroup Group { get; }

    public ErrorCode WriteError { get; set; }

    public List<GroupSnapshot> Written { get; } = [];

    public Task<JoinGroupResult> Join(
        string memberId = "",
        string? instanceId = null,
        string clientId = "c",
        bool requireId = false,
        bool supportsSkipping = true,
        int sessionMs = SessionMs,
        int rebalanceMs = RebalanceMs,
        params IReadOnlyList<GroupProtocol> protocols) => Step(() => Group.Join(new JoinGroupCommand
        {
            GroupId = "g",
            MemberId = memberId,
            InstanceId = instanceId,
            ProtocolType = "consumer",
            Protocols = protocols.Count > 0 ? protocols : [new GroupProtocol("range", [1])],
            SessionTimeoutMs = sessionMs,
            RebalanceTimeoutMs = rebalanceMs,
            ClientId = clientId,
            RequireKnownMemberId = requireId,
            SupportsSkippingAssignment = supportsSkipping,
        }));

    public Task<SyncGroupResult> Sync(string memberId, int generation, string? instanceId = null, params (string Member, byte[] Part)[] assignments) => Step(() =>
        Group.Sync(new SyncGroupCommand
        {
            GroupId = "g",
            MemberId = memberId,
            InstanceId = instanceId,
            Generation = generation,
            Assignments = assignments.ToDictionary(static a => a.Member, static a => a.Part, StringComparer.Ordinal),
        }));

    public ErrorCode Heartbeat(string memberId, int generation, string? instanceId = null) =>
        Step(() => Group.Heartbeat(new MemberIdentity(memberId, instanceId, generation)));

    public ErrorCode Leave(string memberId, string? instanceId = null) => Step(() => Group.Leave(memberId, instanceId));

    public ErrorCode Commit(string memberId, int generation, bool transactional = false, string? instanceId = null) =>
        Step(() => Group.ValidateCommit(new MemberIdentity(memberId, instanceId, generation), transactional));

    /// <summary>Moves the clock, stopping at each deadline as the scheduler would.</summary>
    public void Pass(int milliseconds)
    {
        var clock = new MonotonicClock(Clock);
        var end = clock.NowMs + milliseconds;
        while (Group.NextDeadline <= end)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(Math.Max(Group.NextDeadline - clock.NowMs, 0)));
            Step(() =>
            {
                Group.OnTime();
                return 0;
            });
        }

        Clock.Advance(TimeSpan.FromMilliseconds(end - clock.NowMs));
    }

    /// <summary>Joins members with the ids that they get, syncs them, and returns their ids; the first is the leader.</summary>
    public async Task<IReadOnlyList<string>> StableAsync(int members)
    {
        List<string> ids = [];
        for (var i = 0; i < members; i++) ids.Add((await Join(requireId: true)).MemberId);
        var joins = ids.ConvertAll(id => Join(id));
        foreach (var join in joins) Assert.Equal(ErrorCode.None, (await join).Error);
        var syncs = ids.Skip(1).Select(id => Sync(id, Group.Generation)).ToList();
        syncs.Add(Sync(ids[0], Group.Generation, null, [.. ids.Select((id, i) => (id, new byte[] { (byte)i }))]));
        foreach (var sync in syncs) Assert.Equal(ErrorCode.None, (await sync).Error);
        Assert.Equal(GroupState.Stable, Group.State);
        return ids;
    }

    private T Step<T>(Func<T> step)
    {
        var result = step();
        while (Group.TryTakeWrite(out var written))
        {
            if (WriteError == ErrorCode.None) Written.Add(Group.Snapshot());
            written(WriteError);
        }

        return result;
    }
}
