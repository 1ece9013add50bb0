using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Millrace.Connect.Configuration;
using Millrace.Kafka.Consuming;

namespace Millrace.Connect;

/// <summary>
/// Runs a sink task once, on a thread of its own: the consumer calls back for rebalances on the thread that reads, and the task's methods must
/// be finished there, so the thread waits for them.
/// </summary>
internal sealed class SinkTaskRunner(
    TaskIdentity identity, ISinkConnector connector, IReadOnlyDictionary<string, string> config, WorkerServices services, TaskMetrics metrics, Action running)
{
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(10);
    private readonly RecordPipeline _pipeline = new(config, services.Options, services.Plugins);
    private readonly ILogger _logger = services.LoggerFactory.CreateLogger<SinkTaskRunner>();
    private readonly Dictionary<TopicPartition, long> _current = [];
    private readonly Dictionary<TopicPartition, long> _committed = [];
    private readonly int _maxRecords = config.GetInt32("consumer.override.max.poll.records", 5000);
    private List<SinkRecord> _batch = [];
    private SinkContext? _context;
    private ISinkTask? _task;
    private long _lastCommit;

    internal Task RunAsync(CancellationToken cancellationToken) =>
        Task.Factory.StartNew(() => Run(cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(CancellationToken cancellationToken)
    {
        using var reader = KafkaRecordReader.Create(services.Clients.ReaderConfig("connect-" + identity.Connector, config.WithPrefix("consumer.override.")));
        using var errors = new ErrantRecords(identity, config, services, metrics);
        var task = _task = connector.CreateTask();
        var context = _context = new SinkContext(identity, services, reader, errors);
        metrics.Extra = () => task.Metrics;
        try
        {
            Await(task.StartAsync(context, config, cancellationToken));
            var topics = config.GetList("topics");
            reader.Subscribe(topics.Count > 0 ? topics : ["^(?:" + config["topics.regex"] + ")$"], new RebalanceHandlers
            {
                Assigned = partitions => Assigned(partitions, cancellationToken),
                Revoked = partitions => Revoked(reader, partitions, lost: false),
                Lost = partitions => Revoked(reader, partitions, lost: true),
            });
            running();
            _lastCommit = services.Options.TimeProvider.GetTimestamp();
            while (!cancellationToken.IsCancellationRequested)
            {
                Read(reader, errors, cancellationToken);
                Deliver(reader, cancellationToken);
                if (context.TakeCommitRequest() || services.Options.TimeProvider.GetElapsedTime(_lastCommit) >= services.Options.OffsetFlushInterval) Commit(reader, _current, cancellationToken);
            }

            // A stopped task leaves nothing to be delivered twice.
            Commit(reader, _current, CancellationToken.None);
        }
        finally
        {
            Await(task.DisposeAsync());
        }
    }

    private void Read(KafkaRecordReader reader, ErrantRecords errors, CancellationToken cancellationToken)
    {
        using var batch = reader.ReadBatch(ReadTimeout, _maxRecords);
        foreach (var e in batch.Events)
        {
            if (e is ReaderError { IsRetriable: false } error && error.Error.Code is not ErrorCode.UnknownTopicOrPart and not ErrorCode.Local_UnknownTopic)
                throw new ConnectException($"Task {identity} cannot read: {error.Error.Reason}");
        }

        foreach (var record in batch)
        {
            var partition = record.TopicPartition;
            metrics.Saw(partition.Topic);
            try
            {
                if (_pipeline.Transform(_pipeline.FromKafka(record)) is SinkRecord transformed) _batch.Add(transformed);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Await(errors.HandleAsync(new RawRecord(record), e, cancellationToken));
            }

            _current[partition] = record.Offset + 1;
        }
    }

    private void Deliver(KafkaRecordReader reader, CancellationToken cancellationToken)
    {
        var delay = TimeSpan.FromMilliseconds(100);
        while (true)
        {
            try
            {
                Await(_task!.PutAsync(_batch, cancellationToken));
                if (_batch.Count > 0) metrics.Committed(_batch.Count);
                // The task may keep the list's records until it flushes, so the list is not used again.
                _batch = [];
                return;
            }
            catch (RetriableException e)
            {
                metrics.Failed();
                _logger.SinkRetries(identity.ToString(), _batch.Count, e.Message);
                WaitPaused(reader, delay, cancellationToken);
                delay = delay * 2 < MaxRetryDelay ? delay * 2 : MaxRetryDelay;
            }
        }
    }

    // Stays in the group while it waits: reads nothing, but lets the client call back.
    private static void WaitPaused(KafkaRecordReader reader, TimeSpan delay, CancellationToken cancellationToken)
    {
        var assignment = reader.Assignment;
        reader.Pause(assignment);
        using (reader.ReadBatch(delay, 1))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        reader.Resume(reader.Assignment);
    }

    private void Commit(KafkaRecordReader reader, IReadOnlyDictionary<TopicPartition, long> current, CancellationToken cancellationToken)
    {
        _lastCommit = services.Options.TimeProvider.GetTimestamp();
        var offered = current.Where(p => !_committed.TryGetValue(p.Key, out var done) || done != p.Value).ToDictionary();
        if (offered.Count == 0) return;
        var safe = Await(_task!.PreCommitAsync(offered, cancellationToken));
        var changed = safe.Where(p => current.ContainsKey(p.Key) && (!_committed.TryGetValue(p.Key, out var done) || done != p.Value)).ToList();
        if (changed.Count == 0) return;
        try
        {
            reader.Commit(changed.Select(p => new PartitionOffset(p.Key.Topic, p.Key.Partition.Value, p.Value)));
            foreach (var (partition, offset) in changed) _committed[partition] = offset;
        }
        catch (KafkaException e) when (e.Error.Code is ErrorCode.RebalanceInProgress or ErrorCode.IllegalGeneration or ErrorCode.UnknownMemberId or ErrorCode.Local_NoOffset)
        {
            // The partitions are moving: their next owner starts at the last commit, and records may come again.
        }
    }

    private IEnumerable<PartitionOffset>? Assigned(IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        if (partitions.Count == 0) return null;
        _context!.Opening = [];
        Await(_task!.OpenAsync(partitions, cancellationToken));
        var seeks = _context.Opening;
        _context.Opening = null;
        return seeks;
    }

    private void Revoked(KafkaRecordReader reader, IReadOnlyList<TopicPartition> partitions, bool lost)
    {
        if (partitions.Count == 0) return;
        var leaving = partitions.ToHashSet();
        // What was put may be committed; what still waits in the batch goes to the next owner.
        _batch.RemoveAll(r => leaving.Contains(new TopicPartition(r.OriginalTopic, r.OriginalPartition)));
        if (!lost && _batch.Count == 0) Commit(reader, _current.Where(p => leaving.Contains(p.Key)).ToDictionary(), CancellationToken.None);
        Await(_task!.CloseAsync(partitions, CancellationToken.None));
        foreach (var partition in partitions)
        {
            _current.Remove(partition);
            _committed.Remove(partition);
        }
    }

    // Waiting here holds up this thread alone, which is the runner's own: librdkafka calls back for rebalances on the thread that reads, and the task's work must be finished
    // before the callback returns, so there is nothing to give the thread back to.
    private static void Await(ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    private static T Await<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();
}
