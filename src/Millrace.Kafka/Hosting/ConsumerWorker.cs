using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Kafka.Consuming;

namespace Millrace.Kafka.Hosting;

/// <summary>
/// A consumer's loop: read a batch, bring its records to an end in order, commit. No record is under way while the reader is asked for the next batch, and rebalances
/// happen only there; so a partition is given up with all its finished records committed, and none unfinished.
/// </summary>
internal sealed class ConsumerWorker<TKey, TValue>(
    KafkaConsumerOptions options,
    Func<KafkaReaderOptions> readerOptions,
    int batchSize,
    bool inBatches,
    RecordProcessor<TKey, TValue> processor,
    ConsumerStatus status,
    TimeProvider time,
    ILogger logger) : BackgroundService
{
    // Bounds how late a rebalance or the end of the application is noticed when nothing comes.
    private static readonly TimeSpan IdleWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(5);
    private readonly FinishedOffsets _finished = new();
    private readonly HashSet<TopicPartition> _owned = [];
    private long _lastCommit;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Away from the host's start.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                status.Error = e.Message;
                ConsumerLog.Failed(logger, e, options.GroupId, RestartPause);
                await Task.Delay(RestartPause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        using var reader = KafkaRecordReader.Create(readerOptions());
        _finished.Take();
        _owned.Clear();
        reader.Subscribe(options.Topics, new RebalanceHandlers { Assigned = Assigned, Revoked = p => Revoked(reader, p), Lost = Lost });
        ConsumerLog.Started(logger, options.GroupId, string.Join(", ", options.Topics));
        status.IsRunning = true;
        _lastCommit = time.GetTimestamp();
        using var drained = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var stopping = stoppingToken.Register(() => drained.CancelAfter(options.DrainTimeout));
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                using var batch = await ReadAsync(reader, stoppingToken);
                Report(batch);
                await ProcessAsync(batch, stoppingToken, drained.Token);
                if (_finished.Any && time.GetElapsedTime(_lastCommit) >= options.CommitInterval)
                    CommitInBackground(reader);
            }
        }
        finally
        {
            status.IsRunning = false;
            var committed = Commit(reader, partitions: null);
            ConsumerLog.Stopped(logger, options.GroupId, status.Finished, committed);
        }
    }

    private async Task<RecordBatch> ReadAsync(KafkaRecordReader reader, CancellationToken stoppingToken)
    {
        var batch = reader.ReadBatch(TimeSpan.Zero, batchSize);
        if (batch.Count > 0 || batch.Events.Count > 0)
            return batch;
        batch.Dispose();
        UpdateLag(reader);
        await using var wakeup = stoppingToken.Register(static r => ((KafkaRecordReader)r!).Wakeup(), reader);
        return await Task.Run(() => reader.ReadBatch(IdleWait, batchSize), CancellationToken.None);
    }

    private async Task ProcessAsync(RecordBatch batch, CancellationToken stoppingToken, CancellationToken drained)
    {
        if (batch.Count == 0)
            return;
        status.Error = null;
        if (inBatches)
        {
            await processor.ProcessAllAsync(batch, drained);
            for (var i = 0; i < batch.Count; i++)
                _finished.Finish(batch[i].Next);
            return;
        }

        for (var i = 0; i < batch.Count; i++)
        {
            // Draining at shutdown: the record under way is finished, the rest is left to the next owner.
            stoppingToken.ThrowIfCancellationRequested();
            await processor.ProcessAsync(batch, i, drained);
            _finished.Finish(batch[i].Next);
        }
    }

    private void Report(RecordBatch batch)
    {
        foreach (var e in batch.Events)
        {
            if (e is OffsetsCommitted { Error: { } failure } commit)
            {
                ConsumerLog.CommitFailed(logger, options.GroupId, failure.Reason);
                _finished.PutBack(commit.Offsets.Where(o => _owned.Contains(o.TopicPartition)));
            }
            else if (e is ReaderError error)
            {
                status.Error = error.Error.Reason;
                ConsumerLog.ClientError(logger, options.GroupId, error.Error.Code.ToString(), error.Topic, error.Error.Reason);
            }
        }
    }

    private IEnumerable<PartitionOffset>? Assigned(IReadOnlyList<TopicPartition> partitions)
    {
        _owned.UnionWith(partitions);
        ConsumerLog.Assigned(logger, options.GroupId, string.Join(", ", partitions));
        return null;
    }

    private void Revoked(KafkaRecordReader reader, IReadOnlyList<TopicPartition> partitions)
    {
        ConsumerLog.Revoked(logger, options.GroupId, string.Join(", ", partitions));
        Commit(reader, partitions);
        _owned.ExceptWith(partitions);
    }

    private void Lost(IReadOnlyList<TopicPartition> partitions)
    {
        ConsumerLog.Lost(logger, options.GroupId, string.Join(", ", partitions));
        _finished.Forget(partitions);
        _owned.ExceptWith(partitions);
    }

    private void CommitInBackground(KafkaRecordReader reader)
    {
        _lastCommit = time.GetTimestamp();
        reader.CommitInBackground(_finished.Take());
    }

    private bool Commit(KafkaRecordReader reader, IReadOnlyList<TopicPartition>? partitions)
    {
        var offsets = _finished.Take(partitions);
        try
        {
            reader.Commit(offsets);
            return true;
        }
        catch (KafkaException e)
        {
            // The next owner reads these records again: at least once, never lost.
            ConsumerLog.CommitFailed(logger, options.GroupId, e.Error.Reason);
            return false;
        }
    }

    private void UpdateLag(KafkaRecordReader reader)
    {
        var lag = new Dictionary<TopicPartition, long>();
        foreach (var position in reader.Position(_owned))
        {
            if (position.HasOffset && reader.CachedWatermarks(position.Topic, position.Partition) is { High: >= 0 } marks)
                lag[position.TopicPartition] = Math.Max(0, marks.High - position.Offset);
        }

        status.Lag = lag;
    }
}
