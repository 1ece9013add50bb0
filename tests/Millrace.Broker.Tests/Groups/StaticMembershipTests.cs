using Millrace.Broker.Groups;
using Millrace.Protocol;

namespace Millrace.Broker.Tests.Groups;

public sealed class StaticMembershipTests
{
    [Fact]
    public async Task A_restarted_follower_takes_its_place_without_a_rebalance()
    {
        var (h, ids) = await StableAsync();

        var back = await h.Join(instanceId: "i1");

        Assert.Equal(ErrorCode.None, back.Error);
        Assert.NotEqual(ids[1], back.MemberId);
        Assert.Equal(ids[0], back.Leader);
        Assert.Equal(GroupState.Stable, h.Group.State);
        Assert.Equal([1], (await h.Sync(back.MemberId, back.Generation, "i1")).Assignment);
        Assert.Contains(h.Written[^1].Members, m => m.MemberId == back.MemberId && m.InstanceId == "i1");
    }

    [Fact]
    public async Task A_restarted_leader_is_told_to_keep_the_assignment()
    {
        var (h, _) = await StableAsync();

        var back = await h.Join(instanceId: "i0");

        Assert.True(back.SkipAssignment);
        Assert.Equal(back.MemberId, back.Leader);
        Assert.Equal(2, back.Members.Count);
        Assert.Equal(GroupState.Stable, h.Group.State);
    }

    [Fact]
    public async Task A_restarted_leader_of_an_old_client_is_named_another_leader()
    {
        var (h, ids) = await StableAsync();

        var back = await h.Join(instanceId: "i0", supportsSkipping: false);

        Assert.False(back.SkipAssignment);
        Assert.Equal(ids[0], back.Leader);
        Assert.Empty(back.Members);
    }

    [Fact]
    public async Task The_replaced_member_is_fenced()
    {
        var (h, ids) = await StableAsync();
        await h.Join(instanceId: "i1");

        Assert.Equal(ErrorCode.FencedInstanceId, h.Heartbeat(ids[1], h.Group.Generation, "i1"));
        Assert.Equal(ErrorCode.FencedInstanceId, h.Commit(ids[1], h.Group.Generation, instanceId: "i1"));
        Assert.Equal(ErrorCode.FencedInstanceId, (await h.Sync(ids[1], h.Group.Generation, "i1")).Error);
        Assert.Equal(ErrorCode.FencedInstanceId, (await h.Join(ids[1], "i1")).Error);
        Assert.Equal(ErrorCode.UnknownMemberId, h.Heartbeat(ids[1], h.Group.Generation));
        Assert.Equal(ErrorCode.UnknownMemberId, h.Heartbeat(ids[1], h.Group.Generation, "nobody"));
    }

    [Fact]
    public async Task A_parked_join_of_the_replaced_member_is_fenced()
    {
        var (h, ids) = await StableAsync();
        var old = h.Join(ids[0], "i0");
        Assert.False(old.IsCompleted);

        _ = h.Join(instanceId: "i0");

        Assert.Equal(ErrorCode.FencedInstanceId, (await old).Error);
    }

    [Fact]
    public async Task A_replacement_during_the_sync_phase_starts_over()
    {
        var h = new GroupHarness();
        var first = await h.Join(instanceId: "i0");
        Assert.Equal(GroupState.CompletingRebalance, h.Group.State);

        var back = await h.Join(instanceId: "i0");

        Assert.Equal(first.Generation + 1, back.Generation);
        Assert.Equal(back.MemberId, back.Leader);
    }

    [Fact]
    public async Task A_replacement_that_changes_the_chosen_protocol_rebalances()
    {
        var (h, _) = await StableAsync([new GroupProtocol("range", [1]), new GroupProtocol("sticky", [2])]);
        Assert.Equal("range", h.Group.ProtocolName);

        _ = h.Join(instanceId: "i1", protocols: [new GroupProtocol("sticky", [2])]);

        Assert.Equal(GroupState.PreparingRebalance, h.Group.State);
    }

    [Fact]
    public async Task Absent_static_members_keep_their_place_through_a_rebalance()
    {
        var (h, ids) = await StableAsync();
        var newcomer = h.Join(sessionMs: 300_000);
        var rejoined = h.Join(ids[0], "i0", sessionMs: 300_000);
        for (var i = 0; i < 13; i++)
        {
            h.Heartbeat(ids[1], h.Group.Generation, "i1");
            h.Pass(5_000);
        }

        Assert.Equal(3, (await rejoined).Members.Count);
        Assert.Equal(ErrorCode.None, (await newcomer).Error);
    }

    [Fact]
    public async Task An_administrator_removes_a_static_member_by_its_instance_id()
    {
        var (h, _) = await StableAsync();

        Assert.Equal(ErrorCode.None, h.Leave("", "i1"));
        Assert.Equal(ErrorCode.UnknownMemberId, h.Leave("", "i1"));
        Assert.Equal(1, h.Group.MemberCount);
    }

    [Fact]
    public async Task A_failed_write_of_the_replacement_is_reported()
    {
        var (h, _) = await StableAsync();
        h.WriteError = ErrorCode.NotCoordinator;

        Assert.Equal(ErrorCode.NotCoordinator, (await h.Join(instanceId: "i1")).Error);
    }

    [Fact]
    public async Task A_restored_group_knows_its_members()
    {
        var (h, ids) = await StableAsync();
        var other = new GroupHarness();
        other.Group.Restore(h.Written[^1]);

        Assert.Equal(GroupState.Stable, other.Group.State);
        Assert.Equal(ErrorCode.None, other.Heartbeat(ids[1], other.Group.Generation, "i1"));
        Assert.Equal(ids[0], other.Group.LeaderId);
        other.Pass(GroupHarness.SessionMs + 1);
        Assert.Equal(GroupState.Empty, other.Group.State);
    }

    private static async Task<(GroupHarness Harness, IReadOnlyList<string> Ids)> StableAsync(IReadOnlyList<GroupProtocol>? protocols = null)
    {
        var h = new GroupHarness();
        var first = await h.Join(instanceId: "i0", protocols: protocols ?? []);
        var second = h.Join(instanceId: "i1", protocols: protocols ?? []);
        var leader = await h.Join(first.MemberId, "i0", protocols: protocols ?? []);
        IReadOnlyList<string> ids = [leader.MemberId, (await second).MemberId];
        var sync = h.Sync(ids[1], leader.Generation, "i1");
        await h.Sync(ids[0], leader.Generation, "i0", (ids[0], [0]), (ids[1], [1]));
        Assert.Equal([1], (await sync).Assignment);
        return (h, ids);
    }
}
