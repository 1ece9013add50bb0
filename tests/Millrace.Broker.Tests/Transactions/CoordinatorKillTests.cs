using System.Collections.Concurrent;
using System.Globalization;
using Confluent.Kafka;
using Millrace.Broker.Tests.Groups;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Transactions;

/// <summary>
/// SIGKILL of the broker at random moments of transactional load. MILLRACE_TEST_COORDINATOR_KILLS raises the count, MILLRACE_TEST_SEED repeats a run's choices.
/// </summary>
public sealed class CoordinatorKillTests(ITestOutputHelper output)
{
    private const int Partitions = 3;

    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("MILLRACE_TEST_COORDINATOR_KILLS") ?? "2", CultureInfo.InvariantCulture);

    private static int Seed => int.Parse(Environment.GetEnvironmentVariable("MILLRACE_TEST_SEED") ?? "20261123", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Transactions_stay_atomic_and_nothing_acknowledged_is_lost_or_doubled()
    {
        await using var broker = new BrokerProcess();
        await broker.StartAsync();
        var (source, sink, group) = (ClientKit.Name("in"), await ClientKit.CreateTopicAsync(broker.Bootstrap, Partitions), ClientKit.Name("g"));
        using (var admin = ClientKit.Admin(broker.Bootstrap))
        {
            await admin.CreateTopicsAsync([new() { Name = source, NumPartitions = 1, ReplicationFactor = 1 }]);
        }

        var random = new Random(Seed);
        var load = new Load(broker.Bootstrap, source, sink, group);
        for (var kill = 0; kill < Kills; kill++)
        {
            var goal = load.Acknowledged.Count + random.Next(5, 40);
            await load.AcknowledgesAsync(goal, $"before kill {kill}");
            await broker.KillAsync();
            await broker.StartAsync();
        }

        var last = load.Acknowledged.Count + 5;
        await load.AcknowledgesAsync(last, "after the last kill");
        await load.StopAsync();
        output.WriteLine($"seed {Seed}, {Kills} kills, {load.Acknowledged.Count} acknowledged transactions, last error: {load.LastError}");

        var transactions = ClientKit.ReadAll(broker.Bootstrap, sink).CountBy(static v => int.Parse(v.Split('/')[0], CultureInfo.InvariantCulture)).ToDictionary();
        Assert.All(transactions, static t => Assert.Equal(Partitions, t.Value));
        Assert.All(load.Acknowledged.Keys, t => Assert.True(transactions.ContainsKey(t), $"transaction {t} was acknowledged and is lost"));
        Assert.All(load.Aborted.Keys, t => Assert.False(transactions.ContainsKey(t), $"transaction {t} was aborted and is there"));
        // The group's offset moves in the same transactions: it names the newest that committed.
        using var reader = new ConsumerBuilder<string, string>(new ConsumerConfig { BootstrapServers = broker.Bootstrap, GroupId = group })
            .SetLogHandler(static (_, _) => { }).Build();
        var offset = reader.Committed([new TopicPartition(source, 0)], ClientKit.Timeout)[0].Offset.Value;
        Assert.Equal(transactions.Keys.Max(), offset);
    }

    [Theory]
    [InlineData(GroupProtocol.Classic)]
    [InlineData(GroupProtocol.Consumer)]
    public async Task Groups_go_on_where_they_were(GroupProtocol protocol)
    {
        await using var broker = new BrokerProcess();
        await broker.StartAsync();
        var topic = await ClientKit.CreateTopicAsync(broker.Bootstrap, 2);
        var group = ClientKit.Name("g");
        using var producer = ClientKit.Producer(broker.Bootstrap);
        TestConsumer New() => protocol == GroupProtocol.Consumer ? ClientKit.Modern(broker.Bootstrap, group) : ClientKit.Consumer(broker.Bootstrap, group);
        await using var one = New().Start(topic);
        await using var two = New().Start(topic);
        await one.HasAsync(1);
        await two.HasAsync(1);
        for (var round = 0; round < 2; round++)
        {
            for (var p = 0; p < 2; p++) await producer.ProduceAsync(new TopicPartition(topic, p), new() { Key = "k", Value = $"{round}-{p}" });
            var expected = (round + 1) * 2;
            await Eventually.True(() => one.Values.Concat(two.Values).Distinct().Count() == expected, $"{expected} records", TimeSpan.FromSeconds(60));
            one.Client.Commit();
            two.Client.Commit();
            await broker.KillAsync();
            await broker.StartAsync();
        }

        using var reader = new ConsumerBuilder<string, string>(new ConsumerConfig { BootstrapServers = broker.Bootstrap, GroupId = group })
            .SetLogHandler(static (_, _) => { }).Build();
        var committed = reader.Committed([new TopicPartition(topic, 0), new TopicPartition(topic, 1)], ClientKit.Timeout);
        Assert.Equal([2, 2], committed.Select(static c => c.Offset.Value));
        await Eventually.True(() => one.Assigned.Count == 1 && two.Assigned.Count == 1, "both members are still there", TimeSpan.FromSeconds(60));
    }

    /// <summary>One producer that begins, fills and ends transactions as fast as it can, and is replaced whenever it fails or gets stuck.</summary>
    private sealed class Load
    {
        // librdkafka's SendOffsetsToTransaction may wait for ever for the answer of a broker that was killed, whatever its timeout says.
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

        private readonly CancellationTokenSource _stop = new();
        private readonly string _id = ClientKit.Name("tx");
        private readonly Task _loop;

        public Load(string bootstrap, string source, string sink, string group) => _loop = RunAsync(bootstrap, source, sink, group);

        public ConcurrentDictionary<int, bool> Acknowledged { get; } = [];

        public ConcurrentDictionary<int, bool> Aborted { get; } = [];

        /// <summary>For the message of a test that fails.</summary>
        public string LastError { get; private set; } = "";

        public async Task AcknowledgesAsync(int count, string when)
        {
            try
            {
                await Eventually.True(() => _loop.IsCompleted || Acknowledged.Count >= count, when, TimeSpan.FromSeconds(60));
            }
            catch (TimeoutException exception)
            {
                throw new TimeoutException($"{count} acknowledged transactions {when}: there are {Acknowledged.Count}; last error: {LastError}", exception);
            }

            if (_loop.IsCompleted) await _loop;
        }

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _loop;
        }

        private async Task RunAsync(string bootstrap, string source, string sink, string group)
        {
            var number = 0;
            while (!_stop.IsCancellationRequested)
            {
                // Not disposed after a failure: it lives on as a zombie, which the next one with the same id must be able to fence.
                var producer = ClientKit.Producer(bootstrap, _id, timeoutMs: 10_000);
                var member = new ConsumerBuilder<string, string>(new ConsumerConfig { BootstrapServers = bootstrap, GroupId = group })
                    .SetLogHandler(static (_, _) => { }).Build();
                try
                {
                    await OnThread(() => producer.InitTransactions(ClientKit.Timeout));
                    while (!_stop.IsCancellationRequested)
                    {
                        var next = ++number;
                        await OnThread(() => Transact(producer, member, source, sink, next));
                    }

                    producer.Dispose();
                    member.Dispose();
                }
                catch (Exception exception) when (exception is KafkaException or TimeoutException)
                {
                    LastError = exception.ToString();
                }
            }
        }

        private static Task OnThread(Action action) =>
            Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(Patience);

        private void Transact(IProducer<string, string> producer, IConsumer<string, string> member, string source, string sink, int number)
        {
            producer.BeginTransaction();
            for (var p = 0; p < Partitions; p++) producer.Produce(new TopicPartition(sink, p), new() { Key = "k", Value = $"{number}/{p}" });
            producer.SendOffsetsToTransaction([new TopicPartitionOffset(source, 0, number)], member.ConsumerGroupMetadata, ClientKit.Timeout);
            if (number % 5 == 0)
            {
                Aborted[number] = true;
                producer.AbortTransaction(ClientKit.Timeout);
                return;
            }

            producer.CommitTransaction(ClientKit.Timeout);
            Acknowledged[number] = true;
        }
    }
}
