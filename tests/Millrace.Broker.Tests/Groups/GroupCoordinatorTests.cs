using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Broker.Coordination;
using Millrace.Broker.Groups;
using Millrace.Broker.Log;
using Millrace.Protocol;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Groups;

public sealed class GroupCoordinatorTests
{
    private static readonly MemberIdentity Nobody = new("", null, -1);
    private static readonly TopicPartition T0 = new("t", 0);
    private static readonly TopicPartition T1 = new("t", 1);

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
    private readonly InMemoryCoordinatorLog _log = new("__consumer_offsets");

    [Fact]
    public async Task What_was_acknowledged_is_there_after_a_restart()
    {
        using (var before = Start())
        {
            Assert.Equal([ErrorCode.None, ErrorCode.None], await before.CommitAsync("g", Nobody, [At(T0, 5, "note"), At(T1, 6)]));
            Assert.Equal([ErrorCode.None], await before.CommitAsync("g", Nobody, [At(T0, 7)]));
        }

        using var after = Start();
        var fetched = await after.FetchOffsetsAsync("g", [T0, T1], requireStable: true);

        Assert.Equal([7, 6], fetched.Select(static f => f.Offset));
        Assert.Equal([3, 3], fetched.Select(static f => f.LeaderEpoch));
    }

    [Fact]
    public async Task Stable_groups_come_back_with_their_members()
    {
        string member;
        using (var before = Start())
        {
            member = (await before.JoinAsync(Join())).MemberId;
            Assert.Equal([9], (await before.SyncAsync(Sync(member))).Assignment);
        }

        using var after = Start();
        Assert.Equal(ErrorCode.None, await after.HeartbeatAsync("g", new MemberIdentity(member, null, 1)));
        var described = await after.DescribeAsync("g");
        Assert.Equal(GroupState.Stable, described!.State);
        Assert.Equal([9], described.Members[0].Assignment);
    }

    [Fact]
    public async Task A_restored_member_that_never_returns_expires()
    {
        using (var before = Start()) await before.SyncAsync(Sync((await before.JoinAsync(Join())).MemberId));
        using var after = Start();

        _clock.Advance(TimeSpan.FromSeconds(11));

        await Eventually.True(async () => (await after.DescribeAsync("g"))!.State == GroupState.Empty, "an empty group");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Offsets_of_a_transaction_wait_for_its_end(bool commit)
    {
        using var groups = Start();
        await groups.CommitAsync("g", Nobody, [At(T0, 1)]);
        Assert.Equal([ErrorCode.None], await groups.CommitInTransactionAsync("g", Nobody, new("tx", 77, 0), [At(T0, 2)], OpenGate.Instance));

        Assert.Equal(1, (await groups.FetchOffsetsAsync("g", [T0], requireStable: false))[0].Offset);
        Assert.Equal(ErrorCode.UnstableOffsetCommit, (await groups.FetchOffsetsAsync("g", [T0], requireStable: true))[0].Error);
        _log.AppendMarker(groups.PartitionFor("g"), new ProducerStamp(77, 0), commit);
        await groups.EndTransactionAsync(groups.PartitionFor("g"), 77, commit);

        Assert.Equal(commit ? 2 : 1, (await groups.FetchOffsetsAsync("g", [T0], requireStable: true))[0].Offset);
        using var reloaded = Start();
        Assert.Equal(commit ? 2 : 1, (await reloaded.FetchOffsetsAsync("g", [T0], requireStable: true))[0].Offset);
    }

    [Fact]
    public async Task A_transaction_that_was_open_at_the_crash_is_still_pending_after_it()
    {
        using (var before = Start()) await before.CommitInTransactionAsync("g", Nobody, new("tx", 77, 0), [At(T0, 2)], OpenGate.Instance);
        using var after = Start();

        Assert.Equal(ErrorCode.UnstableOffsetCommit, (await after.FetchOffsetsAsync("g", [T0], requireStable: true))[0].Error);
        await after.EndTransactionAsync(after.PartitionFor("g"), 77, commit: true);
        Assert.Equal(2, (await after.FetchOffsetsAsync("g", [T0], requireStable: true))[0].Offset);
    }

    [Fact]
    public async Task A_later_plain_commit_is_not_undone_by_an_older_transaction()
    {
        using var groups = Start();
        await groups.CommitInTransactionAsync("g", Nobody, new("tx", 77, 0), [At(T0, 2)], OpenGate.Instance);
        await groups.CommitAsync("g", Nobody, [At(T0, 3)]);

        await groups.EndTransactionAsync(groups.PartitionFor("g"), 77, commit: true);

        Assert.Equal(3, (await groups.FetchOffsetsAsync("g", [T0], requireStable: true))[0].Offset);
    }

    [Fact]
    public async Task A_commit_that_cannot_be_stored_is_refused_and_does_not_count()
    {
        using var groups = Start();
        await groups.CommitAsync("g", Nobody, [At(T0, 1)]);
        _log.Failure = ErrorCode.KafkaStorageError;

        Assert.Equal([ErrorCode.NotCoordinator], await groups.CommitAsync("g", Nobody, [At(T0, 2)]));
        Assert.Equal(1, (await groups.FetchOffsetsAsync("g", [T0], requireStable: false))[0].Offset);
    }

    [Fact]
    public async Task Long_metadata_is_refused_for_its_partition_only()
    {
        using var groups = Start();

        var errors = await groups.CommitAsync("g", Nobody, [At(T0, 1, new string('x', 4097)), At(T1, 1, new string('x', 4096))]);

        Assert.Equal([ErrorCode.OffsetMetadataTooLarge, ErrorCode.None], errors);
    }

    [Fact]
    public async Task Groups_that_are_not_known_have_no_offsets_and_no_error()
    {
        using var groups = Start();
        var fetched = (await groups.FetchOffsetsAsync("never seen", [T0], requireStable: true))[0];
        Assert.Equal((-1L, ErrorCode.None), (fetched.Offset, fetched.Error));
        Assert.Equal([ErrorCode.IllegalGeneration], await groups.CommitAsync("never seen", new MemberIdentity("m", null, 3), [At(T0, 1)]));
        Assert.Equal(ErrorCode.GroupIdNotFound, await groups.DeleteAsync("never seen"));
    }

    [Fact]
    public async Task Deleted_groups_stay_deleted_after_a_restart()
    {
        using (var before = Start())
        {
            await before.CommitAsync("g", Nobody, [At(T0, 1)]);
            Assert.Equal(ErrorCode.None, await before.DeleteAsync("g"));
            Assert.Empty(await before.ListAsync());
        }

        using var after = Start();
        Assert.Empty(await after.ListAsync());
        Assert.Equal(-1, (await after.FetchOffsetsAsync("g", [T0], requireStable: true))[0].Offset);
    }

    [Fact]
    public async Task Deletion_is_refused_while_somebody_is_there()
    {
        using var groups = Start();
        var member = (await groups.JoinAsync(Join())).MemberId;
        Assert.Equal(ErrorCode.NonEmptyGroup, await groups.DeleteAsync("g"));
        await groups.LeaveAsync("g", [(member, null)]);
        Assert.Equal(ErrorCode.None, await groups.DeleteAsync("g"));
    }

    [Fact]
    public async Task Offsets_expire_after_their_retention_and_the_group_with_them()
    {
        using var groups = Start(new GroupCoordinatorOptions { OffsetsRetentionMinutes = 60 });
        await groups.CommitAsync("g", Nobody, [At(T0, 1)]);
        _clock.Advance(TimeSpan.FromMinutes(59));
        await groups.SweepAsync();
        Assert.Equal(1, (await groups.FetchOffsetsAsync("g", [T0], requireStable: true))[0].Offset);

        _clock.Advance(TimeSpan.FromMinutes(1));
        await groups.SweepAsync();

        Assert.Equal(-1, (await groups.FetchOffsetsAsync("g", [T0], requireStable: true))[0].Offset);
        Assert.Empty(await groups.ListAsync());
        using var reloaded = Start();
        Assert.Empty(await reloaded.ListAsync());
    }

    [Fact]
    public async Task Offsets_of_an_empty_group_live_on_from_when_it_became_empty()
    {
        using var groups = Start(new GroupCoordinatorOptions { OffsetsRetentionMinutes = 60 });
        var member = (await groups.JoinAsync(Join())).MemberId;
        await groups.SyncAsync(Sync(member));
        await groups.CommitAsync("g", new MemberIdentity(member, null, 1), [At(T0, 1)]);
        for (var i = 0; i < 720; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            Assert.Equal(ErrorCode.None, await groups.HeartbeatAsync("g", new MemberIdentity(member, null, 1)));
        }

        await groups.LeaveAsync("g", [(member, null)]);
        _clock.Advance(TimeSpan.FromMinutes(59));
        await groups.SweepAsync();
        Assert.Equal(1, (await groups.FetchOffsetsAsync("g", [T0], requireStable: true))[0].Offset);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await groups.SweepAsync();
        Assert.Empty(await groups.ListAsync());
    }

    [Fact]
    public async Task Offsets_of_a_deleted_topic_are_forgotten()
    {
        using var groups = Start();
        await groups.CommitAsync("g", Nobody, [At(T0, 1), At(new TopicPartition("other", 0), 2)]);

        await groups.ForgetTopicAsync("t");

        Assert.Equal("other", Assert.Single(await groups.FetchOffsetsAsync("g", null, requireStable: true)).Partition.Topic);
    }

    [Fact]
    public async Task Many_groups_work_side_by_side()
    {
        using var groups = Start();
        await Parallel.ForAsync(0, 50, async (i, _) =>
        {
            var id = $"g{i}";
            var joined = await groups.JoinAsync(Join() with { GroupId = id });
            await groups.SyncAsync(Sync(joined.MemberId) with { GroupId = id });
            for (var offset = 0; offset < 20; offset++)
            {
                Assert.Equal([ErrorCode.None], await groups.CommitAsync(id, new MemberIdentity(joined.MemberId, null, 1), [At(T0, offset)]));
            }
        });
        using var reloaded = Start();
        for (var i = 0; i < 50; i++) Assert.Equal(19, (await reloaded.FetchOffsetsAsync($"g{i}", [T0], requireStable: true))[0].Offset);
    }

    private static OffsetToCommit At(TopicPartition partition, long offset, string? metadata = null) => new(partition, offset, 3, metadata);

    private static JoinGroupCommand Join() => new()
    {
        GroupId = "g",
        MemberId = "",
        ProtocolType = "consumer",
        Protocols = [new GroupProtocol("range", [0, 0, 0, 0, 0, 1, 0, 1, (byte)'t', 0, 0, 0, 0])],
        SessionTimeoutMs = 10_000,
        RebalanceTimeoutMs = 10_000,
    };

    private static SyncGroupCommand Sync(string member) => new()
    {
        GroupId = "g",
        MemberId = member,
        Generation = 1,
        Assignments = new Dictionary<string, byte[]>(StringComparer.Ordinal) { [member] = [9] },
    };

    private GroupCoordinator Start(GroupCoordinatorOptions? options = null)
    {
        var groups = new GroupCoordinator(options ?? new GroupCoordinatorOptions(), _log, _clock, NullLoggerFactory.Instance);
        groups.Load();
        return groups;
    }

    private sealed class OpenGate : ITransactionGate
    {
        public static readonly OpenGate Instance = new();

        public ValueTask<ErrorCode> RunInTransactionAsync(OffsetTransaction transaction, TopicPartition partition, Func<ValueTask<ErrorCode>> append) => append();
    }
}
