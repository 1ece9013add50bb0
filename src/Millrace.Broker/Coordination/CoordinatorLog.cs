using System.Globalization;
using Microsoft.Extensions.Logging;
using Millrace.Broker.Log;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Coordination;

/// <summary>A coordinator's internal topic on the broker's own partition logs.</summary>
internal sealed partial class CoordinatorLog(
    string topic, int partitions, int segmentBytes, ICoordinatorTopics topics, TimeProvider time, ILogger logger, bool isCompacted = true)
    : ICoordinatorLog, IDisposable
{
    private readonly SemaphoreSlim _creation = new(1, 1);

    public string Topic => topic;

    public int PartitionCount => topics.PartitionCount(topic) ?? partitions;

    public async ValueTask EnsureCreatedAsync(CancellationToken cancellationToken = default)
    {
        if (topics.PartitionCount(topic) is not null) return;
        await _creation.WaitAsync(cancellationToken);
        try
        {
            if (topics.PartitionCount(topic) is not null) return;
            var config = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["cleanup.policy"] = isCompacted ? "compact" : "delete",
                ["compression.type"] = "producer",
                ["segment.bytes"] = segmentBytes.ToString(CultureInfo.InvariantCulture),
            };
            // What is not compacted is cut off by its coordinator, never by time.
            if (!isCompacted) config["retention.ms"] = "-1";
            await topics.CreateInternalTopicAsync(topic, partitions, config, cancellationToken);
        }
        finally
        {
            _creation.Release();
        }
    }

    public async ValueTask<AppendOutcome> AppendAsync(int partition, IReadOnlyList<CoordinatorRecord> records, ProducerStamp? transaction = null)
    {
        try
        {
            await EnsureCreatedAsync();
            if (topics.FindLog(new TopicPartition(topic, partition)) is not { } log) return new AppendOutcome(ErrorCode.UnknownTopicOrPartition, -1);
            var result = await log.AppendAsync(ToBatch(records, transaction), AppendOrigin.Coordinator);
            // Of its disk the log itself tells, and not ten times a second.
            if (result.Error is not (ErrorCode.None or ErrorCode.KafkaStorageError)) AppendRefused(logger, topic, partition, result.Error, result.ErrorMessage);
            return new AppendOutcome(result.Error, result.BaseOffset);
        }
        catch (IOException exception)
        {
            AppendFailed(logger, topic, partition, exception.Message);
            return new AppendOutcome(ErrorCode.KafkaStorageError, -1);
        }
    }

    public IEnumerable<LoadedEntry> Read(int partition)
    {
        if (topics.PartitionCount(topic) is not { } count || partition >= count) yield break;
        if (topics.FindLog(new TopicPartition(topic, partition)) is not { } log || log.LogEndOffset == log.LogStartOffset) yield break;
        foreach (var batch in log.ReadBatches(log.LogStartOffset))
        {
            var header = batch.Header;
            var producer = header.IsTransactional ? new ProducerStamp(header.ProducerId, header.ProducerEpoch) : (ProducerStamp?)null;
            foreach (var record in batch.Records().ToList())
            {
                if (header.IsControl)
                {
                    if (producer is not null && EndTransactionMarker.TryRead(record, out var marker))
                    {
                        yield return new LoadedEntry(default, record.Offset, producer, marker.Result == TransactionResult.Commit);
                    }
                }
                else if (record.Key is { } key)
                {
                    yield return new LoadedEntry(new CoordinatorRecord(key.ToArray(), record.Value?.ToArray()), record.Offset, producer, null);
                }
            }
        }
    }

    public async ValueTask CutAsync(int partition, long offset)
    {
        if (topics.PartitionCount(topic) is null || topics.FindLog(new TopicPartition(topic, partition)) is not { } log || offset <= log.LogStartOffset) return;
        await log.DeleteRecordsBeforeAsync(offset);
    }

    public void Dispose() => _creation.Dispose();

    private byte[] ToBatch(IReadOnlyList<CoordinatorRecord> records, ProducerStamp? transaction)
    {
        var options = new RecordBatchOptions();
        if (transaction is { } producer)
        {
            options = options with { ProducerId = producer.ProducerId, ProducerEpoch = producer.ProducerEpoch, IsTransactional = true };
        }

        var now = new MonotonicClock(time).UnixMs;
        var builder = new RecordBatchBuilder(options);
        foreach (var (key, value) in records)
        {
            // Not a plain conversion: that would turn a tombstone into an empty value.
            builder.Append(now, key.AsMemory(), value is null ? default(ReadOnlyMemory<byte>?) : value.AsMemory());
        }

        return builder.Build();
    }

    [LoggerMessage(2400, LogLevel.Error, "Append to {Topic}-{Partition} was refused: {Error} {Reason}")]
    private static partial void AppendRefused(ILogger logger, string topic, int partition, ErrorCode error, string? reason);

    [LoggerMessage(2401, LogLevel.Error, "Append to {Topic}-{Partition} failed: {Reason}")]
    private static partial void AppendFailed(ILogger logger, string topic, int partition, string reason);
}
