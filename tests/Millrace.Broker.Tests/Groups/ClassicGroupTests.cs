using Millrace.Broker.Groups;
using Millrace.Protocol;

namespace Millrace.Broker.Tests.Groups;

public sealed class ClassicGroupTests
{
    private static readonly GroupProtocol Range = new("range", [1]);
    private static readonly GroupProtocol RoundRobin = new("roundrobin", [2]);
    private static readonly GroupProtocol Sticky = new("sticky", [3]);

    [Fact]
    public async Task A_first_member_becomes_leader_of_generation_one()
    {
        var h = new GroupHarness();

        var joined = await h.Join();

        Assert.Equal(ErrorCode.None, joined.Error);
        Assert.Equal(1, joined.Generation);
        Assert.Equal(joined.MemberId, joined.Leader);
        Assert.Equal("range", joined.ProtocolName);
        Assert.Equal(joined.MemberId, Assert.Single(joined.Members).MemberId);
        Assert.Equal(GroupState.CompletingRebalance, h.Group.State);
    }

    [Fact]
    public async Task A_member_without_id_is_told_its_id_first()
    {
        var h = new GroupHarness();

        var first = await h.Join(requireId: true);
        var second = await h.Join(first.MemberId, requireId: true);

        Assert.Equal(ErrorCode.MemberIdRequired, first.Error);
        Assert.StartsWith("c-", first.MemberId, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.None, second.Error);
    }

    [Fact]
    public async Task The_leaders_assignment_reaches_every_member_after_it_was_stored()
    {
        var h = new GroupHarness();
        var ids = await h.StableAsync(3);

        Assert.Equal([0], (await h.Sync(ids[0], h.Group.Generation)).Assignment);
        Assert.Equal([2], (await h.Sync(ids[2], h.Group.Generation)).Assignment);
        Assert.Equal(3, h.Written[^1].Members.Count);
        Assert.Equal([1], h.Written[^1].Members[1].Assignment);
    }

    [Fact]
    public async Task A_failed_write_of_the_assignment_starts_another_rebalance()
    {
        var h = new GroupHarness { WriteError = ErrorCode.NotCoordinator };
        var joined = await h.Join();

        var synced = await h.Sync(joined.MemberId, 1, null, (joined.MemberId, [7]));

        Assert.Equal(ErrorCode.NotCoordinator, synced.Error);
        Assert.Equal(GroupState.PreparingRebalance, h.Group.State);
    }

    [Fact]
    public async Task A_new_member_makes_the_others_rejoin()
    {
        var h = new GroupHarness();
        var ids = await h.StableAsync(2);

        var newcomer = h.Join();

        Assert.False(newcomer.IsCompleted);
        Assert.Equal(ErrorCode.RebalanceInProgress, h.Heartbeat(ids[0], 1 + (h.Group.Generation - 1)));
        var rejoins = ids.Select(id => h.Join(id)).ToList();
        var answer = await newcomer;
        Assert.Equal(3, (await rejoins[0]).Members.Count);
        Assert.Empty((await rejoins[1]).Members);
        Assert.Equal(ids[0], answer.Leader);
    }

    [Fact]
    public async Task Members_that_do_not_rejoin_in_time_are_dropped()
    {
        var h = new GroupHarness();
        var ids = await h.StableAsync(2);
        var newcomer = h.Join(sessionMs: 300_000, rebalanceMs: 5_000);
        var rejoined = h.Join(ids[0], sessionMs: 300_000, rebalanceMs: 5_000);

        h.Pass(GroupHarness.RebalanceMs + 1);

        Assert.Equal(2, (await rejoined).Members.Count);
        Assert.Equal(ErrorCode.None, (await newcomer).Error);
        Assert.Equal(ErrorCode.UnknownMemberId, h.Heartbeat(ids[1], h.Group.Generation));
    }

    [Fact]
    public async Task A_silent_member_loses_its_session_and_the_group_rebalances()
    {
        var h = new GroupHarness();
        var ids = await h.StableAsync(2);

        h.Pass(GroupHarness.SessionMs - 1);
        Assert.Equal(ErrorCode.None, h.Heartbeat(ids[0], h.Group.Generation));
        h.Pass(2);

        Assert.Equal(1, h.Group.MemberCount);
        Assert.Equal(GroupState.PreparingRebalance, h.Group.State);
        Assert.Equal(ErrorCode.RebalanceInProgress, h.Heartbeat(ids[0], h.Group.Generation));
    }

    [Fact]
    public async Task The_last_session_ends_and_the_group_is_empty()
    {
        var h = new GroupHarness();
        await h.StableAsync(1);
        var generation = h.Group.Generation;

        h.Pass(GroupHarness.SessionMs + 1);

        Assert.Equal(GroupState.Empty, h.Group.State);
        Assert.Equal(generation + 1, h.Group.Generation);
        Assert.Empty(h.Written[^1].Members);
        Assert.Equal("consumer", h.Group.ProtocolType);
    }

    [Fact]
    public async Task A_member_that_was_given_an_id_and_never_came_does_not_hold_up_the_others()
    {
        var h = new GroupHarness();
        var ghost = await h.Join(requireId: true);
        var other = await h.Join(requireId: true);
        var joining = h.Join(other.MemberId);
        Assert.False(joining.IsCompleted);

        h.Pass(GroupHarness.SessionMs);

        Assert.Single((await joining).Members);
        Assert.Equal(ErrorCode.UnknownMemberId, (await h.Join(ghost.MemberId)).Error);
    }

    [Fact]
    public async Task Members_that_do_not_sync_in_time_are_dropped()
    {
        var h = new GroupHarness();
        var first = await h.Join(requireId: true);
        var second = await h.Join(requireId: true);
        var joins = (First: h.Join(first.MemberId, sessionMs: 300_000), Second: h.Join(second.MemberId, sessionMs: 300_000));
        Assert.Equal(ErrorCode.None, (await joins.First).Error);

        h.Pass(GroupHarness.RebalanceMs);

        Assert.Equal(0, h.Group.MemberCount);
        Assert.Equal(GroupState.Empty, h.Group.State);
    }

    [Fact]
    public async Task The_initial_delay_collects_members_into_one_generation()
    {
        var h = new GroupHarness(new GroupCoordinatorOptions { InitialRebalanceDelayMs = 3000 });
        var first = h.Join();
        h.Pass(2000);
        var second = h.Join();
        h.Pass(1000);
        Assert.False(first.IsCompleted);
        h.Pass(3000);

        Assert.Equal(2, (await first).Members.Count);
        Assert.Equal(1, (await second).Generation);
    }

    [Fact]
    public async Task The_initial_delay_ends_with_the_rebalance_timeout_however_many_come()
    {
        var h = new GroupHarness(new GroupCoordinatorOptions { InitialRebalanceDelayMs = 3000 });
        var first = h.Join(rebalanceMs: 7000);
        for (var passed = 0; passed < 7000; passed += 1000)
        {
            Assert.False(first.IsCompleted);
            _ = h.Join(rebalanceMs: 7000);
            h.Pass(1000);
        }

        Assert.Equal(8, (await first).Members.Count);
    }

    [Fact]
    public async Task Members_vote_for_the_protocol()
    {
        var h = new GroupHarness();
        var ids = new List<string>();
        for (var i = 0; i < 3; i++) ids.Add((await h.Join(requireId: true)).MemberId);
        var joins = new[]
        {
            h.Join(ids[0], protocols: [Range, RoundRobin, Sticky]),
            h.Join(ids[1], protocols: [Sticky, RoundRobin]),
            h.Join(ids[2], protocols: [Sticky, RoundRobin, Range]),
        };

        Assert.Equal("sticky", (await joins[0]).ProtocolName);
        Assert.All((await joins[0]).Members, static m => Assert.Equal([3], m.Metadata));
    }

    [Fact]
    public async Task A_member_without_a_common_protocol_is_refused()
    {
        var h = new GroupHarness();
        await h.StableAsync(1);

        Assert.Equal(ErrorCode.InconsistentGroupProtocol, (await h.Join(protocols: [Sticky])).Error);
        Assert.Equal(GroupState.Stable, h.Group.State);
    }

    [Fact]
    public async Task A_follower_that_rejoins_unchanged_gets_the_current_generation_again()
    {
        var h = new GroupHarness();
        var ids = await h.StableAsync(2);

        var again = await h.Join(ids[1]);

        Assert.Equal(h.Group.Generation, again.Generation);
        Assert.Empty(again.Members);
        Assert.Equal(GroupState.Stable, h.Group.State);
    }

    [Fact]
    public async Task A_leader_that_rejoins_asks_for_a_new_assignment()
    {
        var h = new GroupHarness();
        var ids = await h.StableAsync(2);

        var leader = h.Join(ids[0]);

        Assert.False(leader.IsCompleted);
        Assert.Equal(GroupState.PreparingRebalance, h.Group.State);
    }

    [Fact]
    public async Task A_changed_subscription_rebalances()
    {
        var h = new GroupHarness();
        var ids = await h.StableAsync(2);

        _ = h.Join(ids[1], protocols: [new GroupProtocol("range", [9])]);

        Assert.Equal(GroupState.PreparingRebalance, h.Group.State);
    }

    [Theory]
    [InlineData(5_999)]
    [InlineData(1_800_001)]
    public async Task Session_timeouts_outside_the_limits_are_refused(int sessionMs) =>
        Assert.Equal(ErrorCode.InvalidSessionTimeout, (await new GroupHarness().Join(sessionMs: sessionMs)).Error);

    [Fact]
    public async Task A_full_group_refuses_newcomers()
    {
        var h = new GroupHarness(new GroupCoordinatorOptions { MaxSize = 2 });
        await h.StableAsync(2);

        Assert.Equal(ErrorCode.GroupMaxSizeReached, (await h.Join()).Error);
        Assert.Equal(2, h.Group.MemberCount);
    }

    [Fact]
    public async Task Leaving_makes_the_rest_rebalance_at_once()
    {
        var h = new GroupHarness();
        var ids = await h.StableAsync(2);

        Assert.Equal(ErrorCode.None, h.Leave(ids[0]));

        Assert.Equal(GroupState.PreparingRebalance, h.Group.State);
        var rejoined = await h.Join(ids[1]);
        Assert.Equal(ids[1], rejoined.Leader);
        Assert.Equal(ErrorCode.UnknownMemberId, h.Leave(ids[0]));
    }

    [Fact]
    public async Task Old_generations_and_strangers_are_told_so()
    {
        var h = new GroupHarness();
        var ids = await h.StableAsync(1);
        var generation = h.Group.Generation;

        Assert.Equal(ErrorCode.IllegalGeneration, h.Heartbeat(ids[0], generation - 1));
        Assert.Equal(ErrorCode.UnknownMemberId, h.Heartbeat("stranger", generation));
        Assert.Equal(ErrorCode.IllegalGeneration, (await h.Sync(ids[0], generation + 1)).Error);
        Assert.Equal(ErrorCode.IllegalGeneration, h.Commit(ids[0], generation - 1));
    }

    [Fact]
    public async Task Commits_are_allowed_to_members_and_while_nobody_is_there()
    {
        var h = new GroupHarness();
        Assert.Equal(ErrorCode.None, h.Commit("", -1));
        var joined = await h.Join();
        Assert.Equal(ErrorCode.RebalanceInProgress, h.Commit(joined.MemberId, 1));
        Assert.Equal(ErrorCode.None, h.Commit(joined.MemberId, 1, transactional: true));
        await h.Sync(joined.MemberId, 1);
        Assert.Equal(ErrorCode.None, h.Commit(joined.MemberId, 1));
        Assert.Equal(ErrorCode.UnknownMemberId, h.Commit("", -1));
        Assert.Equal(ErrorCode.None, h.Commit("", -1, transactional: true));
    }

    [Fact]
    public async Task A_commit_keeps_the_session_alive()
    {
        var h = new GroupHarness();
        var ids = await h.StableAsync(1);
        for (var i = 0; i < 5; i++)
        {
            h.Pass(GroupHarness.SessionMs - 1);
            Assert.Equal(ErrorCode.None, h.Commit(ids[0], h.Group.Generation));
        }
    }

    [Fact]
    public async Task Waiting_members_do_not_lose_their_session()
    {
        var h = new GroupHarness();
        var ids = await h.StableAsync(2);
        var newcomer = h.Join();
        var rejoined = h.Join(ids[0]);

        // The second member keeps sending heartbeats but does not rejoin before the rebalance timeout.
        for (var i = 0; i < 11; i++)
        {
            h.Pass(5_000);
            Assert.Equal(ErrorCode.RebalanceInProgress, h.Heartbeat(ids[1], h.Group.Generation));
        }

        Assert.False(newcomer.IsCompleted);
        _ = h.Join(ids[1]);
        Assert.Equal(3, (await rejoined).Members.Count);
    }
}
