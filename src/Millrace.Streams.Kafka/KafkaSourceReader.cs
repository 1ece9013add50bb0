using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Millrace.Kafka.Consuming;
using Millrace.Streams.Connectors;

namespace Millrace.Streams.Kafka;

/// <summary>Reads the partitions of one subtask.</summary>
internal sealed class KafkaSourceReader<T> : ISourceReader<T>
{
    private static readonly TimeSpan s_queryTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_lastCommitTimeout = TimeSpan.FromSeconds(5);

    private readonly KafkaSourceSettings _settings;
    private readonly IKafkaDeserializer<T> _deserializer;
    private readonly SourceReaderContext _context;
    private readonly ILogger _logger;
    private readonly Dictionary<(string Topic, int Partition), Split> _splits = [];
    private readonly PoisonHandler _poison;
    private readonly bool _isBounded;
    private readonly TaskCompletionSource _firstSplits = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private KafkaRecordReader? _reader;
    private KafkaFetcher? _fetcher;
    private Split? _current;
    private IReadOnlyList<PartitionOffset> _publishing = [];
    private int _commitsUnderWay;
    private bool _isPublished = true;

    public KafkaSourceReader(KafkaSource<T> source, SourceReaderContext context)
    {
        _settings = source.Settings;
        _deserializer = source.Deserializer;
        _isBounded = source.IsBounded;
        _context = context;
        _logger = context.LoggerFactory.CreateLogger("Millrace.Streams.Kafka.Source");
        _poison = new PoisonHandler(source.Settings, _logger);
    }

    public void AddSplits(IReadOnlyList<SourceSplit> splits)
    {
        _reader ??= KafkaRecordReader.Create(_settings.ReaderConfig(), _logger);
        foreach (var split in splits)
        {
            var position = KafkaPosition.Parse(split);
            if (_isBounded && position.Stop == KafkaPosition.NoStop)
            {
                // The checkpoint is of a run without an end: this one ends where the partition ends now.
                position = position with { Stop = _reader.QueryWatermarks(position.Topic, position.Partition, s_queryTimeout).High };
            }

            _splits[(position.Topic, position.Partition)] = new Split(split.Id, position);
        }

        // Partitions that are read already are assigned anew at the position of the loop; what was fetched beyond it comes twice, and Read passes over it.
        _reader.Assign(_splits.Values.Where(static one => !one.IsFinished).Select(static one => new PartitionOffset(one.Topic, one.Partition, one.Offset)));
        _fetcher ??= new KafkaFetcher(_reader, $"{_context.SourceUid}/{_context.SubtaskIndex}");
        _firstSplits.TrySetResult();
    }

    public SourceReadResult Read(ISourceOutput<T> output, int maxRecords)
    {
        var left = maxRecords;
        while (left > 0 && _fetcher is not null && _fetcher.TryTake(out var batch))
        {
            using (batch)
            {
                left -= batch!.Count;
                foreach (var record in batch)
                {
                    Process(record, output);
                }

                foreach (var one in batch.Events)
                {
                    Handle(one, output);
                }
            }
        }

        if (_isBounded && FinishSplits(output))
        {
            return SourceReadResult.EndOfInput;
        }

        return left <= 0 ? SourceReadResult.MoreAvailable : SourceReadResult.NothingAvailable;
    }

    public async ValueTask WaitForDataAsync(CancellationToken cancellationToken)
    {
        if (_fetcher is { } fetcher)
        {
            await fetcher.WaitAsync(cancellationToken);
        }
        else
        {
            // No partitions yet: then there may be records at once.
            await _firstSplits.Task.WaitAsync(cancellationToken);
        }
    }

    public IReadOnlyList<SourceSplit> Snapshot() =>
        [.. _splits.Values.Select(static one => new KafkaPosition(one.Topic, one.Partition, one.Offset, one.Stop).ToSplit())];

    public void OnCheckpointCommitted(long checkpointId, IReadOnlyList<SourceSplit> splits)
    {
        if (!_context.HasCommitPoint && splits.Count > 0)
        {
            // With the checkpoint's id, so that a start that finds the offsets but not the checkpoint knows what is missing.
            var metadata = checkpointId > 0 ? CommitMetadata.Write(_context.JobName, checkpointId) : null;
            _publishing = [.. splits.Select(one =>
            {
                var position = KafkaPosition.Parse(one);
                return new PartitionOffset(position.Topic, position.Partition, position.Offset) { Metadata = metadata };
            })];
            _commitsUnderWay++;
            _isPublished = false;
            _reader?.CommitInBackground(_publishing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_fetcher is { } fetcher)
        {
            await Task.Run(() =>
            {
                fetcher.Stop();
                PublishLast();
                fetcher.Dispose();
            });
        }

        _poison.Dispose();
    }

    private void Process(KafkaRecord record, ISourceOutput<T> output)
    {
        var split = _current;
        if (split is null || split.Partition != record.Partition || !ReferenceEquals(split.TopicReference, record.Topic))
        {
            if (!_splits.TryGetValue((record.Topic, record.Partition), out split))
            {
                return;
            }

            split.TopicReference = record.Topic;
            _current = split;
        }

        if (record.Offset < split.Offset || record.Offset >= split.Stop)
        {
            return;
        }

        T value;
        bool isElement;
        try
        {
            isElement = _deserializer.TryDeserialize(
                new KafkaRecordView
                {
                    Topic = record.Topic,
                    Partition = record.Partition,
                    Offset = record.Offset,
                    Timestamp = record.Timestamp,
                    Key = record.Key,
                    Value = record.Value,
                    IsTombstone = record.IsValueNull,
                },
                out value);
        }
        catch (Exception exception)
        {
            _poison.Handle(record, exception);
            split.Offset = record.Offset + 1;
            output.Skip();
            return;
        }

        split.Offset = record.Offset + 1;
        if (isElement)
        {
            output.Collect(split.Id, value, record.Timestamp);
        }
        else
        {
            output.Skip();
        }
    }

    private void Handle(ReaderEvent one, ISourceOutput<T> output)
    {
        switch (one)
        {
            case PartitionEndReached end when _splits.TryGetValue((end.Topic, end.Partition), out var split):
                // Behind the last record may lie markers of transactions, which are never returned.
                var behind = Math.Max(split.Offset, Math.Min(end.Offset, split.Stop));
                if (behind > split.Offset) output.Skip();
                split.Offset = behind;
                break;
            case ReaderError { IsRetriable: true } error:
                KafkaStreamsLog.ReaderWarning(_logger, _context.SourceUid, error.Error.Reason, error.Topic, error.Partition);
                break;
            case ReaderError error:
                throw new IOException(
                    $"Kafka source '{_context.SourceUid}'{(error.Topic is null ? string.Empty : $", {error.Topic}-{error.Partition}")}: {error.Error.Code}: {error.Error.Reason}");
            case OffsetsCommitted committed:
                // Answers come in the order of the commits, so the last one tells of the last positions.
                _isPublished = --_commitsUnderWay == 0 && committed.Error is null;
                if (committed.Error is { } failure)
                {
                    KafkaStreamsLog.OffsetsNotCommitted(_logger, _context.SourceUid, failure.Reason);
                }

                break;
        }
    }

    // A client that is closed forgets commits that are under way; and one that has failed would be followed by the next checkpoint's, but there is none.
    private void PublishLast()
    {
        if (_isPublished)
        {
            return;
        }

        try
        {
            _reader!.Commit(_publishing, s_lastCommitTimeout);
        }
        catch (KafkaException exception)
        {
            KafkaStreamsLog.OffsetsNotCommitted(_logger, _context.SourceUid, exception.Error.Reason);
        }
    }

    private bool FinishSplits(ISourceOutput<T> output)
    {
        var all = true;
        foreach (var split in _splits.Values)
        {
            if (!split.IsFinished && split.Offset >= split.Stop)
            {
                split.IsFinished = true;
                output.FinishSplit(split.Id);
            }

            all &= split.IsFinished;
        }

        return all;
    }

    private sealed class Split(string id, KafkaPosition position)
    {
        public string Id => id;

        public string Topic => position.Topic;

        public string? TopicReference { get; set; }

        public int Partition => position.Partition;

        public long Offset { get; set; } = position.Offset;

        public long Stop => position.Stop;

        public bool IsFinished { get; set; }
    }
}
