using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Broker.Groups;
using Millrace.Broker.Log;
using Millrace.Broker.Tests.Groups;
using Millrace.Broker.Transactions;
using Millrace.Protocol;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Transactions;

public sealed class TransactionCoordinatorTests
{
    private static readonly TopicPartition P0 = new("t", 0);
    private static readonly TopicPartition P1 = new("t", 1);

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));
    private readonly InMemoryCoordinatorLog _log = new("__transaction_state");
    private readonly RecordedMarkers _markers = new();
    private readonly InMemoryProducerIdStore _ids = new();

    [Fact]
    public async Task A_commit_writes_a_marker_into_every_partition()
    {
        using var coordinator = await StartAsync();
        var producer = await coordinator.InitProducerIdAsync("x", 60_000);

        Assert.Equal(ErrorCode.None, await coordinator.AddPartitionsAsync("x", producer.ProducerId, 0, [P0]));
        Assert.Equal(ErrorCode.None, await coordinator.AddPartitionsAsync("x", producer.ProducerId, 0, [P1]));
        Assert.Equal(TransactionState.Ongoing, coordinator.Describe("x")!.State);
        Assert.Equal(ErrorCode.None, await coordinator.EndAsync("x", producer.ProducerId, 0, commit: true));

        Assert.Equal(TransactionState.CompleteCommit, coordinator.Describe("x")!.State);
        Assert.Equal([(P0, 0, true), (P1, 0, true)], _markers.Written.OrderBy(static m => m.Partition.Partition));
        // The client may not have seen the answer: the same again is fine, the opposite is not.
        Assert.Equal(ErrorCode.None, await coordinator.EndAsync("x", producer.ProducerId, 0, commit: true));
        Assert.Equal(ErrorCode.InvalidTxnState, await coordinator.EndAsync("x", producer.ProducerId, 0, commit: false));
        Assert.Equal(2, _markers.Written.Count);
    }

    [Fact]
    public async Task A_new_incarnation_aborts_and_fences()
    {
        using var coordinator = await StartAsync();
        var old = await coordinator.InitProducerIdAsync("x", 60_000);
        await coordinator.AddPartitionsAsync("x", old.ProducerId, old.ProducerEpoch, [P0]);

        var successor = await coordinator.InitProducerIdAsync("x", 60_000);

        Assert.Equal(old.ProducerId, successor.ProducerId);
        Assert.Equal(2, successor.ProducerEpoch);
        Assert.Equal([(P0, 1, false)], _markers.Written);
        Assert.Equal(ErrorCode.ProducerFenced, await coordinator.EndAsync("x", old.ProducerId, old.ProducerEpoch, commit: true));
        Assert.Equal(ErrorCode.ProducerFenced, await coordinator.AddPartitionsAsync("x", old.ProducerId, old.ProducerEpoch, [P0]));
        Assert.Equal(ErrorCode.InvalidProducerIdMapping, await coordinator.EndAsync("x", old.ProducerId + 1, 0, commit: true));
        Assert.Equal(ErrorCode.InvalidProducerIdMapping, await coordinator.EndAsync("unknown", 0, 0, commit: true));
    }

    [Fact]
    public async Task A_producer_bumps_its_own_epoch_once_however_often_it_asks()
    {
        using var coordinator = await StartAsync();
        var first = await coordinator.InitProducerIdAsync("x", 60_000);

        var bumped = await coordinator.InitProducerIdAsync("x", 60_000, (first.ProducerId, first.ProducerEpoch));
        var again = await coordinator.InitProducerIdAsync("x", 60_000, (first.ProducerId, first.ProducerEpoch));

        Assert.Equal(1, bumped.ProducerEpoch);
        Assert.Equal(bumped, again);
        await coordinator.InitProducerIdAsync("x", 60_000);
        Assert.Equal(ErrorCode.ProducerFenced, (await coordinator.InitProducerIdAsync("x", 60_000, (first.ProducerId, bumped.ProducerEpoch))).Error);
    }

    [Fact]
    public async Task Used_up_epochs_bring_a_new_producer_id()
    {
        using var coordinator = await StartAsync();
        var last = await coordinator.InitProducerIdAsync("x", 60_000);
        var first = last;
        while (last.ProducerId == first.ProducerId) last = await coordinator.InitProducerIdAsync("x", 60_000);

        Assert.Equal(0, last.ProducerEpoch);
        Assert.Equal(short.MaxValue - 1, _log.Appends - 2);
    }

    [Fact]
    public async Task A_transaction_that_takes_too_long_is_aborted_under_a_new_epoch()
    {
        using var coordinator = await StartAsync();
        var producer = await coordinator.InitProducerIdAsync("x", 5_000);
        await coordinator.AddPartitionsAsync("x", producer.ProducerId, 0, [P0]);

        _clock.Advance(TimeSpan.FromMilliseconds(5_001));

        await Eventually.True(() => coordinator.Describe("x")!.State == TransactionState.CompleteAbort, "the abort");
        Assert.Equal([(P0, 1, false)], _markers.Written);
        Assert.Equal(ErrorCode.ProducerFenced, await coordinator.EndAsync("x", producer.ProducerId, 0, commit: true));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_decision_survives_a_crash_before_its_markers(bool commit)
    {
        using (var before = await StartAsync())
        {
            var producer = await before.InitProducerIdAsync("x", 60_000);
            await before.AddPartitionsAsync("x", producer.ProducerId, 0, [P0, P1]);
            _markers.Failure = ErrorCode.KafkaStorageError;
            Assert.Equal(ErrorCode.None, await before.EndAsync("x", producer.ProducerId, 0, commit));
            Assert.True(before.Describe("x")!.IsPrepared);
        }

        _markers.Failure = ErrorCode.None;
        using var after = await StartAsync();

        Assert.Equal(commit ? TransactionState.CompleteCommit : TransactionState.CompleteAbort, after.Describe("x")!.State);
        Assert.Equal([(P0, 0, commit), (P1, 0, commit)], _markers.Written.OrderBy(static m => m.Partition.Partition));
    }

    [Fact]
    public async Task Markers_that_a_disk_refused_are_retried_and_the_next_transaction_waits_for_them()
    {
        using var coordinator = await StartAsync();
        var producer = await coordinator.InitProducerIdAsync("x", 60_000);
        await coordinator.AddPartitionsAsync("x", producer.ProducerId, 0, [P0]);
        _markers.Failure = ErrorCode.KafkaStorageError;
        await coordinator.EndAsync("x", producer.ProducerId, 0, commit: true);
        Assert.Equal(ErrorCode.ConcurrentTransactions, await coordinator.AddPartitionsAsync("x", producer.ProducerId, 0, [P1]));
        Assert.Equal(ErrorCode.ConcurrentTransactions, (await coordinator.InitProducerIdAsync("x", 60_000)).Error);
        _markers.Failure = ErrorCode.None;

        await Eventually.True(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return coordinator.Describe("x")!.State == TransactionState.CompleteCommit;
        }, "the retried marker");
        Assert.Equal(ErrorCode.None, await coordinator.AddPartitionsAsync("x", producer.ProducerId, 0, [P1]));
    }

    [Fact]
    public async Task An_open_transaction_survives_a_restart_and_still_times_out()
    {
        using (var before = await StartAsync())
        {
            var producer = await before.InitProducerIdAsync("x", 5_000);
            await before.AddPartitionsAsync("x", producer.ProducerId, 0, [P0]);
        }

        using var after = await StartAsync();
        Assert.Equal(TransactionState.Ongoing, after.Describe("x")!.State);
        _clock.Advance(TimeSpan.FromMilliseconds(5_001));
        await Eventually.True(() => after.Describe("x")!.State == TransactionState.CompleteAbort, "the abort");
    }

    [Fact]
    public async Task Deleted_partitions_do_not_hold_up_the_end()
    {
        using var coordinator = await StartAsync();
        var producer = await coordinator.InitProducerIdAsync("x", 60_000);
        await coordinator.AddPartitionsAsync("x", producer.ProducerId, 0, [P0]);
        _markers.Failure = ErrorCode.UnknownTopicOrPartition;

        Assert.Equal(ErrorCode.None, await coordinator.EndAsync("x", producer.ProducerId, 0, commit: true));
        Assert.Equal(TransactionState.CompleteCommit, coordinator.Describe("x")!.State);
    }

    [Fact]
    public async Task Writes_are_let_through_only_while_their_partition_is_in_the_open_transaction()
    {
        using var coordinator = await StartAsync();
        var producer = await coordinator.InitProducerIdAsync("x", 60_000);
        var transaction = new OffsetTransaction("x", producer.ProducerId, producer.ProducerEpoch);
        var written = 0;
        ValueTask<ErrorCode> Write()
        {
            written++;
            return new(ErrorCode.None);
        }

        Assert.Equal(ErrorCode.InvalidTxnState, await coordinator.RunInTransactionAsync(transaction, P0, Write));
        await coordinator.AddPartitionsAsync("x", producer.ProducerId, 0, [P0]);
        Assert.Equal(ErrorCode.None, await coordinator.RunInTransactionAsync(transaction, P0, Write));
        Assert.Equal(ErrorCode.InvalidTxnState, await coordinator.RunInTransactionAsync(transaction, P1, Write));
        Assert.Equal(ErrorCode.ProducerFenced, await coordinator.RunInTransactionAsync(transaction with { ProducerEpoch = 5 }, P0, Write));
        await coordinator.EndAsync("x", producer.ProducerId, 0, commit: true);
        Assert.Equal(ErrorCode.InvalidTxnState, await coordinator.RunInTransactionAsync(transaction, P0, Write));
        Assert.Equal(1, written);
    }

    [Fact]
    public async Task Unused_ids_are_forgotten()
    {
        using var coordinator = await StartAsync();
        await coordinator.InitProducerIdAsync("x", 60_000);
        _clock.Advance(TimeSpan.FromDays(8));
        await coordinator.ExpireAsync();

        Assert.Null(coordinator.Describe("x"));
        using var reloaded = await StartAsync();
        Assert.Null(reloaded.Describe("x"));
        Assert.Equal(0, (await reloaded.InitProducerIdAsync("x", 60_000)).ProducerEpoch);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(900_001)]
    public async Task Timeouts_outside_the_limits_are_refused(int timeoutMs)
    {
        using var coordinator = await StartAsync();
        Assert.Equal(ErrorCode.InvalidTransactionTimeout, (await coordinator.InitProducerIdAsync("x", timeoutMs)).Error);
    }

    [Fact]
    public void Producer_ids_are_never_given_twice_even_across_kills()
    {
        using var directory = new TempDirectory();
        var path = directory.Combine("producer-ids");
        var given = new HashSet<long>();
        for (var life = 0; life < 3; life++)
        {
            var allocator = new ProducerIdAllocator(new FileProducerIdStore(path));
            for (var i = 0; i < 1500; i++) Assert.True(given.Add(allocator.Next()));
        }

        File.WriteAllText(path, "garbage");
        var error = Assert.Throws<InvalidDataException>(() => new ProducerIdAllocator(new FileProducerIdStore(path)).Next());
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    private async Task<TransactionCoordinator> StartAsync()
    {
        var coordinator = new TransactionCoordinator(new TransactionCoordinatorOptions(), _log, _markers, _ids, _clock, NullLoggerFactory.Instance);
        coordinator.Load();
        await coordinator.ResumeAsync();
        return coordinator;
    }

    private sealed class RecordedMarkers : ITransactionMarkers
    {
        public ErrorCode Failure { get; set; }

        public List<(TopicPartition Partition, int Epoch, bool Commit)> Written { get; } = [];

        public async ValueTask<ErrorCode> WriteAsync(TopicPartition partition, long producerId, short producerEpoch, int coordinatorEpoch, bool commit)
        {
            await Task.Yield();
            if (Failure == ErrorCode.None) Written.Add((partition, producerEpoch, commit));
            return Failure;
        }
    }
}
