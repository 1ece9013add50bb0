using Confluent.Kafka;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.Tests.Support;
using Millrace.TestKit.Kafka;

namespace Millrace.Kafka.Tests.Consuming;

public sealed class RebalanceTestsOnApacheKafka(ApacheKafka kafka) : RebalanceTests<ApacheKafka>(kafka);

public sealed class RebalanceTestsOnEmbeddedBroker(EmbeddedBroker kafka) : RebalanceTests<EmbeddedBroker>(kafka);

public abstract class RebalanceTests<TKafka>(TKafka kafka) : IClassFixture<TKafka>
    where TKafka : class, IKafkaTarget
{
    [Theory]
    [InlineData("range")]
    [InlineData("roundrobin")]
    [InlineData("cooperative-sticky")]
    public async Task Two_members_share_the_partitions_and_each_record_is_read_once(string assignor)
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap, partitions: 4);
        var group = TestTopics.NewName("g");
        await using var first = new Member(kafka.Bootstrap, topic, group, assignor);
        await first.WaitForAsync(m => m.Owned == 4, "all partitions with the only member");
        for (var p = 0; p < 4; p++)
            await TestTopics.ProduceAsync(kafka.Bootstrap, topic, p, Enumerable.Range(0, 50).Select(i => $"{p}:{i}"));
        await first.WaitForAsync(m => m.Values.Count == 200, "all records");

        await using var second = new Member(kafka.Bootstrap, topic, group, assignor);
        await second.WaitForAsync(m => m.Owned == 2, "half of the partitions with the second member");
        await first.WaitForAsync(m => m.Owned == 2, "the other half with the first member");
        // Cooperative: only what moves is revoked; eager: everything.
        Assert.Equal(assignor == "cooperative-sticky" ? 2 : 4, first.RevokedSizes[0]);
        for (var p = 0; p < 4; p++)
            await TestTopics.ProduceAsync(kafka.Bootstrap, topic, p, Enumerable.Range(50, 50).Select(i => $"{p}:{i}"));
        await first.WaitForAsync(m => m.Values.Count + second.Values.Count >= 400, "the other records");

        await second.DisposeAsync();
        await first.WaitForAsync(m => m.Owned == 4, "all partitions back");
        Assert.Equal(400, first.Values.Concat(second.Values).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(400, first.Values.Count + second.Values.Count);
        Assert.Empty(first.LostSizes);
    }

    [Fact]
    public async Task A_static_member_comes_back_to_its_partitions_without_a_rebalance()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap, partitions: 2);
        var group = TestTopics.NewName("g");
        await using var stays = new Member(kafka.Bootstrap, topic, group, "range", ("group.instance.id", "host-1"));
        await using (var leaves = new Member(kafka.Bootstrap, topic, group, "range", ("group.instance.id", "host-2")))
        {
            await leaves.WaitForAsync(m => m.Owned == 1, "one partition");
            await stays.WaitForAsync(m => m.Owned == 1, "the other partition");
        }

        var revocations = stays.RevokedSizes.Count;
        await using var back = new Member(kafka.Bootstrap, topic, group, "range", ("group.instance.id", "host-2"));
        await back.WaitForAsync(m => m.Owned == 1, "its partition again");
        Assert.Equal(1, stays.Owned);
        Assert.Equal(revocations, stays.RevokedSizes.Count);
    }

    [Theory]
    [InlineData("range")]
    [InlineData("cooperative-sticky")]
    public async Task The_assigned_handler_chooses_where_to_start(string assignor)
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap, partitions: 1);
        await TestTopics.ProduceAsync(kafka.Bootstrap, topic, 0, "a", "b", "c", "d");
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(
            kafka.Bootstrap, TestTopics.NewName("g"), ("partition.assignment.strategy", assignor)));
        reader.Subscribe([topic], new RebalanceHandlers { Assigned = partitions => partitions.Select(p => new PartitionOffset(p.Topic, p.Partition, 2)) });
        Assert.Equal(["c", "d"], reader.ReadValues(2));
        Assert.NotNull(reader.MemberId);
    }

    [Theory]
    [InlineData("range")]
    [InlineData("cooperative-sticky")]
    public async Task A_handler_that_throws_ends_the_read_with_its_exception_and_the_reader_can_be_disposed(string assignor)
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(
            kafka.Bootstrap, TestTopics.NewName("g"), ("partition.assignment.strategy", assignor)));
        reader.Subscribe([topic], new RebalanceHandlers { Assigned = _ => throw new InvalidOperationException("no state for it") });
        var thrown = Assert.Throws<InvalidOperationException>(() => reader.PollUntil(() => false, "the exception"));
        Assert.Equal("no state for it", thrown.Message);
    }

    [Fact]
    public async Task A_reader_that_stops_polling_is_told_that_its_partitions_are_lost()
    {
        var topic = await TestTopics.CreateAsync(kafka.Bootstrap);
        var lost = 0;
        var revoked = 0;
        var owned = false;
        using var reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(
            kafka.Bootstrap, TestTopics.NewName("g"), ("session.timeout.ms", "6000"), ("max.poll.interval.ms", "6000"), ("heartbeat.interval.ms", "500")));
        reader.Subscribe([topic], new RebalanceHandlers
        {
            Assigned = _ =>
            {
                owned = true;
                return null;
            },
            Revoked = _ => revoked++,
            Lost = _ => lost++,
        });
        reader.PollUntil(() => owned, "the assignment");
        await Task.Delay(TimeSpan.FromSeconds(7.5)); // the poll interval itself is what is tested
        reader.PollUntil(() => lost > 0, "the loss");
        Assert.Equal((1, 0), (lost, revoked));
    }

    /// <summary>A reader with its own polling thread that commits what it has read when it loses a partition.</summary>
    private sealed class Member : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly KafkaRecordReader _reader;
        private readonly Task _loop;
        private readonly List<string> _values = [];
        private readonly HashSet<TopicPartition> _owned = [];
        private bool _disposed;

        internal Member(string bootstrap, string topic, string group, string assignor, params (string, string)[] config)
        {
            _reader = KafkaRecordReader.Create(TestTopics.ReaderConfig(
                bootstrap, group, [("partition.assignment.strategy", assignor), ("session.timeout.ms", "10000"), ("heartbeat.interval.ms", "200"), .. config]));
            _reader.Subscribe([topic], new RebalanceHandlers { Assigned = Assigned, Revoked = Revoked, Lost = p => LostSizes.Add(p.Count) });
            _loop = Task.Factory.StartNew(Loop, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        internal int Owned
        {
            get
            {
                lock (_owned)
                    return _owned.Count;
            }
        }

        internal IReadOnlyList<string> Values
        {
            get
            {
                lock (_values)
                    return [.. _values];
            }
        }

        internal List<int> RevokedSizes { get; } = [];

        internal List<int> LostSizes { get; } = [];

        internal Task WaitForAsync(Func<Member, bool> condition, string what) =>
            Millrace.TestKit.Eventually.True(() => _loop.IsFaulted ? throw _loop.Exception! : condition(this), what, TimeSpan.FromSeconds(40));

        public async ValueTask DisposeAsync()
        {
            if (_disposed)
                return;
            _disposed = true;
            await _stop.CancelAsync();
            await _loop;
            _reader.Dispose();
        }

        private void Loop()
        {
            while (!_stop.IsCancellationRequested)
            {
                using var batch = _reader.ReadBatch(TimeSpan.FromMilliseconds(50), 7);
                lock (_values)
                {
                    foreach (var record in batch)
                        _values.Add(System.Text.Encoding.UTF8.GetString(record.Value));
                }
            }
        }

        private IEnumerable<PartitionOffset>? Assigned(IReadOnlyList<TopicPartition> partitions)
        {
            lock (_owned)
                _owned.UnionWith(partitions);
            return null;
        }

        private void Revoked(IReadOnlyList<TopicPartition> partitions)
        {
            _reader.Commit(_reader.Position(partitions).Where(p => p.HasOffset));
            RevokedSizes.Add(partitions.Count);
            lock (_owned)
                _owned.ExceptWith(partitions);
        }
    }
}
