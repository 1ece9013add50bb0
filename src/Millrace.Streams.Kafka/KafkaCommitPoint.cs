using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.Producing;
using Millrace.Streams.Connectors;

namespace Millrace.Streams.Kafka;

/// <summary>
/// The job's one transactional producer. A transaction holds the results up to a checkpoint, the source offsets of that checkpoint, and, as their metadata, its
/// id. After a crash the broker is made to finish or abort what was open, and then the offsets' metadata tell which checkpoint counts.
/// </summary>
internal sealed class KafkaCommitPoint : ICommitPoint
{
    private static readonly TimeSpan s_callTimeout = TimeSpan.FromSeconds(30);

    // Short, because a call that a lost broker has left without an answer waits to its end, even if the broker is back long since; then it is repeated.
    private static readonly TimeSpan s_commitTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_abortTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_retryDelay = TimeSpan.FromMilliseconds(100);

    private readonly KafkaSinkSettings _settings;
    private readonly CommitPointContext _context;
    private readonly string _transactionalId;
    private readonly ILogger _logger;
    private readonly IProducer<byte[]?, byte[]?> _producer;
    private readonly BoundedCalls _calls;
    private readonly IReadOnlyDictionary<string, KafkaSourceSettings> _sources;
    private readonly Lock _lock = new();
    private TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastSettled;
    private bool _isOpen;
    private volatile Error? _failure;

    public KafkaCommitPoint(KafkaSinkSettings settings, CommitPointContext context)
    {
        _settings = settings;
        _context = context;
        _transactionalId = settings.TransactionalId ?? "millrace-" + context.JobName;
        _logger = context.LoggerFactory.CreateLogger("Millrace.Streams.Kafka.Transactions");

        // Offsets can only be part of a transaction of their own cluster.
        _sources = context.Sources.Where(one => one.Value is IKafkaSource source
                && string.Equals(source.Settings.BootstrapServers, settings.BootstrapServers, StringComparison.Ordinal))
            .ToDictionary(static one => one.Key, static one => ((IKafkaSource)one.Value).Settings, StringComparer.Ordinal);
        if (_sources.Count == 0 && settings.Topic is null)
        {
            throw new CheckpointException(
                "Kafka sink: exactly-once with a source that is not in the same Kafka cluster needs SetTopic, because the checkpoint's id is stored as an offset of that topic.");
        }

        var config = KafkaMessages.ProducerConfig(settings);
        config.TransactionalId = _transactionalId;
        config.TransactionTimeoutMs = (int)settings.TransactionTimeout.TotalMilliseconds;
        _calls = new BoundedCalls(context.TimeProvider);
        _producer = KafkaMessages.Build(config, error => _failure = error);
    }

    public long LastSettled => Volatile.Read(ref _lastSettled);

    public async Task<CommittedCheckpoint?> InitializeAsync(CancellationToken cancellationToken)
    {
        await CallAsync("be ready for transactions", 0, _producer.InitTransactions, cancellationToken);
        using var topics = new KafkaTopics(_settings.BootstrapServers, _settings.Properties);
        var groups = new List<(string Group, List<TopicPartition> Partitions)>();
        foreach (var source in _sources.Values)
        {
            groups.Add((source.GroupId, await topics.PartitionsAsync(source.Topics, mustExist: false).WaitAsync(cancellationToken)));
        }

        if (_sources.Count == 0)
        {
            groups.Add((_transactionalId, [new TopicPartition(_settings.Topic!, 0)]));
        }

        var committed = new List<CommitMetadata>();
        foreach (var (group, partitions) in groups)
        {
            committed.AddRange(await ReadCommittedAsync(group, partitions, cancellationToken));
        }

        var last = committed.MaxBy(static one => one.Checkpoint);
        KafkaStreamsLog.TransactionsReady(_logger, _transactionalId, last?.Checkpoint);
        return last is null ? null : new CommittedCheckpoint(last.Checkpoint, last.Job);
    }

    /// <summary>Takes a result into the transaction; <see langword="false"/> when the client's queue is full.</summary>
    public bool TryProduce(in PendingRecord record)
    {
        EnsureOpen();
        try
        {
            return KafkaMessages.TryProduce(_producer, record, null);
        }
        catch (KafkaException exception)
        {
            // A run that was fenced may learn of it here first, before any commit does.
            throw Translate(exception, "take results");
        }
    }

    public void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw Translate(new KafkaException(failure), "go on");
        }
    }

    public async ValueTask WhenSettledAsync(long checkpointId, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task settled;
            lock (_lock)
            {
                if (_lastSettled >= checkpointId)
                {
                    return;
                }

                settled = _settled.Task;
            }

            await settled.WaitAsync(cancellationToken);
        }
    }

    public async Task CommitAsync(
        long checkpointId, IReadOnlyDictionary<string, IReadOnlyList<SourceSplit>> positions, CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        EnsureOpen();
        var metadata = CommitMetadata.Write(_context.JobName, checkpointId);
        foreach (var (group, offsets) in OffsetsByGroup(checkpointId, positions, metadata))
        {
            await CallAsync("send source offsets", checkpointId, timeout => Send(group, offsets, timeout), cancellationToken);
        }

        await CallAsync("commit the transaction", checkpointId, _producer.CommitTransaction, cancellationToken);
        lock (_lock)
        {
            _isOpen = false;
        }

        Settle(checkpointId);
    }

    public void Abort(long checkpointId) => Settle(checkpointId);

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_isOpen && _failure is null && !_calls.IsGivenUp)
            {
                await _calls.RunAsync("abort the transaction", s_abortTimeout, _producer.AbortTransaction);
            }
        }
        catch (Exception exception) when (exception is KafkaException or TimeoutException)
        {
            KafkaStreamsLog.AbortFailed(_logger, _transactionalId, exception.Message);
        }

        await _calls.DisposeAsync(_producer);
    }

    // The group's handle belongs to the call, which may outlive its caller's patience.
    private void Send(string group, List<PartitionOffset> offsets, TimeSpan timeout)
    {
        using var member = GroupMetadata.ForGroup(group);
        _producer.SendOffsets(offsets, member, timeout);
    }

    private IEnumerable<(string Group, List<PartitionOffset> Offsets)> OffsetsByGroup(
        long checkpointId, IReadOnlyDictionary<string, IReadOnlyList<SourceSplit>> positions, string metadata)
    {
        if (_sources.Count == 0)
        {
            return [(_transactionalId, [new PartitionOffset(_settings.Topic!, 0, checkpointId) { Metadata = metadata }])];
        }

        return _sources.GroupBy(static one => one.Value.GroupId, StringComparer.Ordinal).Select(group => (group.Key, group
            .SelectMany(source => positions.TryGetValue(source.Key, out var splits) ? splits : [])
            .Select(split =>
            {
                var position = KafkaPosition.Parse(split);
                return new PartitionOffset(position.Topic, position.Partition, position.Offset) { Metadata = metadata };
            }).ToList()));
    }

    private async Task<IEnumerable<CommitMetadata>> ReadCommittedAsync(
        string group, List<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        if (partitions.Count == 0)
        {
            return [];
        }

        var config = KafkaTopics.SecurityOf(_settings.Properties);
        config["bootstrap.servers"] = _settings.BootstrapServers;
        config["group.id"] = group;
        config["isolation.level"] = "read_committed";
        using var reader = KafkaRecordReader.Create(config, _logger);
        var offsets = await CommittedOffsets.ReadAsync(reader, partitions, _context.TimeProvider, cancellationToken);
        return [.. offsets.Where(static one => one.HasOffset).Select(static one => CommitMetadata.Read(one.Metadata)).OfType<CommitMetadata>()];
    }

    private void EnsureOpen()
    {
        if (Volatile.Read(ref _isOpen))
        {
            return;
        }

        lock (_lock)
        {
            if (!_isOpen)
            {
                _producer.BeginTransaction();
                Volatile.Write(ref _isOpen, true);
            }
        }
    }

    private void Settle(long checkpointId)
    {
        TaskCompletionSource before;
        lock (_lock)
        {
            _lastSettled = Math.Max(_lastSettled, checkpointId);
            before = _settled;
            _settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        before.TrySetResult();
    }

    private async Task CallAsync(string what, long checkpointId, Action<TimeSpan> call, CancellationToken cancellationToken)
    {
        // A transaction can be tried again for as long as the broker keeps it; a start is better tried anew where people see it.
        var limit = checkpointId > 0 ? _settings.TransactionTimeout : s_callTimeout;
        var start = _context.TimeProvider.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await _calls.RunAsync(what, checkpointId > 0 ? s_commitTimeout : s_callTimeout, call);
                return;
            }
            catch (KafkaRetriableException exception) when (_context.TimeProvider.GetElapsedTime(start) < limit)
            {
                KafkaStreamsLog.TransactionRetried(_logger, checkpointId, _transactionalId, exception.Error.Reason);
                await Task.Delay(s_retryDelay, _context.TimeProvider, cancellationToken);
            }
            catch (KafkaException exception)
            {
                throw Translate(exception, what);
            }
            catch (TimeoutException exception)
            {
                throw new IOException($"The transaction of '{_transactionalId}': {exception.Message}", exception);
            }
        }
    }

    private Exception Translate(KafkaException exception, string what)
    {
        if (exception.Error.Code == ErrorCode.InvalidTransactionTimeout)
        {
            return new CheckpointException(
                $"Kafka sink: the broker at {_settings.BootstrapServers} allows no transaction of '{_transactionalId}' as long as {_settings.TransactionTimeout}. "
                + "Lower SetTransactionTimeout to the broker's transaction.max.timeout.ms (15 minutes unless it says otherwise), or raise that.", exception);
        }

        var isFenced = exception.Error.Code is ErrorCode.Local_Fenced or ErrorCode.ProducerFenced or ErrorCode.InvalidProducerEpoch
            || exception.Error.Reason.Contains("fenced", StringComparison.OrdinalIgnoreCase);
        return isFenced
            ? new CheckpointException(
                $"Another producer uses the transactional id '{_transactionalId}' of job '{_context.JobName}', so this run was fenced and could not {what}. "
                + $"Is the job running twice, or was a transaction open for longer than its timeout of {_settings.TransactionTimeout}? Results since the last committed checkpoint were not published; stop one of the two, or give them different ids (SetTransactionalId).", exception)
            : new IOException($"The transaction of '{_transactionalId}' could not {what}: {exception.Error.Code}: {exception.Error.Reason}", exception);
    }
}
