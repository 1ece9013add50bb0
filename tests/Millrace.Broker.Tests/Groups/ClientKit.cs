using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Groups;

/// <summary>librdkafka clients with settings that make tests quick, on any Kafka.</summary>
internal static class ClientKit
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(90);

    public static string Name(string purpose) => $"{purpose}-{Guid.NewGuid():N}";

    public static async Task<string> CreateTopicAsync(string bootstrap, int partitions = 1, string purpose = "t")
    {
        var topic = Name(purpose);
        using var admin = Admin(bootstrap);
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = 1 }]);
        return topic;
    }

    public static IAdminClient Admin(string bootstrap) => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap })
        .SetLogHandler(static (_, _) => { })
        .Build();

    public static IProducer<string, string> Producer(string bootstrap, string? transactionalId = null, int timeoutMs = 60_000, string? clientId = null) =>
        new ProducerBuilder<string, string>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            TransactionalId = transactionalId,
            TransactionTimeoutMs = timeoutMs,
            EnableIdempotence = true,
            LingerMs = 1,
            ClientId = clientId ?? "test",
            // Without it librdkafka refuses a transaction timeout below its delivery timeout.
            MessageTimeoutMs = transactionalId is null ? 30_000 : timeoutMs,
        }).SetLogHandler(static (_, _) => { }).Build();

    public static TestConsumer Consumer(string bootstrap, string group, Action<ConsumerConfig>? configure = null) => new(bootstrap, group, configure);

    /// <summary>A member that speaks the new protocol (KIP-848).</summary>
    public static TestConsumer Modern(string bootstrap, string group, Action<ConsumerConfig>? configure = null) => new(bootstrap, group, c =>
    {
        c.GroupProtocol = GroupProtocol.Consumer;
        // The broker decides these.
        c.SessionTimeoutMs = null;
        c.HeartbeatIntervalMs = null;
        c.PartitionAssignmentStrategy = null;
        configure?.Invoke(c);
    });

    /// <summary>All values of a topic that a reader of committed (or all) records sees, without a group.</summary>
    public static List<string> ReadAll(string bootstrap, string topic, IsolationLevel isolation = IsolationLevel.ReadCommitted)
    {
        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = "unused",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            IsolationLevel = isolation,
        }).SetLogHandler(static (_, _) => { }).Build();
        using var admin = Admin(bootstrap);
        var partitions = admin.GetMetadata(topic, Timeout).Topics[0].Partitions;
        consumer.Assign(partitions.Select(p => new TopicPartitionOffset(topic, p.PartitionId, Offset.Beginning)));
        List<string> values = [];
        var ends = new HashSet<int>();
        while (ends.Count < partitions.Count)
        {
            var result = consumer.Consume(Timeout) ?? throw new TimeoutException($"{topic} was not read to its end");
            if (result.IsPartitionEOF) ends.Add(result.Partition);
            else values.Add(result.Message.Value);
        }

        return values;
    }
}

/// <summary>A consumer that polls by itself on a thread of its own and keeps what it saw.</summary>
internal sealed class TestConsumer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly HashSet<TopicPartition> _assigned = [];
    private readonly List<string> _values = [];
    private Task _loop = Task.CompletedTask;

    public TestConsumer(string bootstrap, string group, Action<ConsumerConfig>? configure)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = bootstrap,
            GroupId = group,
            EnableAutoCommit = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            SessionTimeoutMs = 6_000,
            HeartbeatIntervalMs = 300,
            IsolationLevel = IsolationLevel.ReadCommitted,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.Range,
        };
        configure?.Invoke(config);
        var cooperative = config.PartitionAssignmentStrategy == PartitionAssignmentStrategy.CooperativeSticky || config.GroupProtocol == GroupProtocol.Consumer;
        Client = new ConsumerBuilder<string, string>(config)
            .SetLogHandler(static (_, _) => { })
            .SetErrorHandler((_, e) => FatalError = e.IsFatal ? e : FatalError)
            .SetPartitionsAssignedHandler((_, partitions) => Change(() =>
            {
                Rebalances++;
                if (!cooperative) _assigned.Clear();
                _assigned.UnionWith(partitions);
            }))
            .SetPartitionsRevokedHandler((_, partitions) => Change(() =>
            {
                Revoked += partitions.Count;
                _assigned.ExceptWith(partitions.Select(static p => p.TopicPartition));
            }))
            .SetPartitionsLostHandler((_, partitions) => Change(() => _assigned.ExceptWith(partitions.Select(static p => p.TopicPartition))))
            .Build();
    }

    public IConsumer<string, string> Client { get; }

    public Error? FatalError { get; private set; }

    public int Rebalances { get; private set; }

    public int Revoked { get; private set; }

    public IReadOnlyList<TopicPartition> Assigned
    {
        get
        {
            lock (_lock)
            {
                return [.. _assigned];
            }
        }
    }

    public IReadOnlyList<string> Values
    {
        get
        {
            lock (_lock)
            {
                return [.. _values];
            }
        }
    }

    public TestConsumer Start(string topic)
    {
        Client.Subscribe(topic);
        _loop = Task.Factory.StartNew(Poll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return this;
    }

    public Task HasAsync(int partitions) => Eventually.True(() => Assigned.Count == partitions, $"{partitions} partitions assigned");

    /// <summary>Stops polling, leaves the group and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        if (FatalError is null) Client.Close();
        Client.Dispose();
        _stop.Dispose();
    }

    private void Poll()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var result = Client.Consume(TimeSpan.FromMilliseconds(100));
                if (result?.Message is null) continue;
                lock (_lock)
                {
                    _values.Add(result.Message.Value);
                }

                Client.StoreOffset(result);
            }
            catch (KafkaException exception)
            {
                // Others pass: a revoked partition's offset can no longer be stored, a rebalance interrupts.
                if (exception.Error.IsFatal) FatalError = exception.Error;
            }
        }
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
        }
    }
}
