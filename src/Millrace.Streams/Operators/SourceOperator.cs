using Millrace.Streams.Checkpoints;
using Millrace.Streams.Connectors;

namespace Millrace.Streams.Operators;

/// <summary>What a subtask's loop needs from its source without knowing the type of the elements.</summary>
internal interface ISourceDriver
{
    bool IsBounded { get; }

    void AddSplits(IReadOnlyList<SourceSplit> splits);

    SourceReadResult Read(int maxRecords);

    ValueTask WaitForDataAsync(CancellationToken cancellationToken);

    /// <summary>The end of a bounded input: everything that waits for event time may go.</summary>
    ValueTask EmitEndAsync();

    /// <summary>Time spent waiting for room does not count as idleness of the partitions.</summary>
    void OnPaused(long milliseconds);

    void RememberSnapshot(long checkpointId);
}

/// <summary>Reads a source, gives elements their timestamps, and follows the watermark of each split.</summary>
internal sealed class SourceOperator<T>(ISource<T> source, WatermarkStrategy<T> strategy) : OutputOperator<T>, ISourceDriver, ISourceOutput<T>
{
    private readonly Dictionary<string, SplitTime> _splits = new(StringComparer.Ordinal);
    private readonly Queue<(long CheckpointId, IReadOnlyList<SourceSplit> Splits)> _snapshots = new();
    private readonly long _idleness = (long?)strategy.Idleness?.TotalMilliseconds ?? long.MaxValue;
    private ISourceReader<T> _reader = null!;
    private SplitTime? _current;
    private string? _currentId;
    private long _watermark = long.MinValue;
    private long _nextPeriod;
    private long _paused;
    private bool _isIdle;
    private bool _hasEnded;
    private Task? _pendingAdvance;

    public bool IsBounded => source.IsBounded;

    public override long NextProcessingTime => _hasEnded ? long.MaxValue : _nextPeriod;

    public override IInput<TInput> GetInput<TInput>(int index) => throw new InvalidOperationException("A source has no input.");

    public override void Open()
    {
        base.Open();
        _reader = source.CreateReader(new SourceReaderContext(
            Context.JobName, Context.Uid, Context.SubtaskIndex, Context.Parallelism, Context.CommitPoint is not null, Context.TimeProvider,
            Context.LoggerFactory));
        foreach (var split in Context.Restore.Splits)
        {
            _splits[split.Id] = new SplitTime(strategy.CreateGenerator(), split.Watermark, IdleClock());
        }

        if (Context.Restore.Splits.Count > 0)
        {
            _reader.AddSplits([.. Context.Restore.Splits.Select(split => split.ToSplit())]);
        }
    }

    public void AddSplits(IReadOnlyList<SourceSplit> splits)
    {
        foreach (var split in splits)
        {
            _splits[split.Id] = new SplitTime(strategy.CreateGenerator(), long.MinValue, IdleClock());
        }

        _reader.AddSplits(splits);
    }

    public SourceReadResult Read(int maxRecords) => _reader.Read(this, maxRecords);

    public ValueTask WaitForDataAsync(CancellationToken cancellationToken) => _reader.WaitForDataAsync(cancellationToken);

    public void OnPaused(long milliseconds) => _paused += milliseconds;

    void ISourceOutput<T>.Collect(string splitId, T value, long timestamp)
    {
        if (!ReferenceEquals(splitId, _currentId))
        {
            _currentId = splitId;
            _current = _splits[splitId];
        }

        var split = _current!;
        if (strategy.TimestampAssigner is { } assigner)
        {
            timestamp = assigner(value, timestamp);
        }

        split.HasNews = true;
        Context.Metrics.RecordsIn++;
        Out.Emit(value, timestamp);
        var watermark = split.Generator.OnEvent(value, timestamp);
        if (watermark > split.Watermark)
        {
            // A generator that marks at an element wants the watermark right behind it; sources do not wait within a read, so it completes at once
            // unless timers of a chained operator have to wait for room: then it goes with the next period.
            split.Watermark = watermark;
            split.IsIdle = false;
            var pending = AdvanceAsync();
            if (!pending.IsCompletedSuccessfully)
            {
                _pendingAdvance = pending.AsTask();
            }
        }
    }

    void ISourceOutput<T>.Skip() => Context.Metrics.Activity++;

    void ISourceOutput<T>.FinishSplit(string splitId)
    {
        if (_splits.TryGetValue(splitId, out var split))
        {
            split.IsFinished = true;
        }
    }

    public override async ValueTask PumpAsync(CancellationToken cancellationToken)
    {
        if (_pendingAdvance is { } pending)
        {
            _pendingAdvance = null;
            await pending;
        }
    }

    public override async ValueTask OnProcessingTimeAsync(long now)
    {
        if (now < _nextPeriod)
        {
            return;
        }

        _nextPeriod = now + Math.Max(1, (long)Context.WatermarkInterval.TotalMilliseconds);
        var clock = IdleClock();
        foreach (var split in _splits.Values)
        {
            if (split.HasNews)
            {
                split.HasNews = false;
                split.LastNews = clock;
            }

            split.IsIdle = _idleness != long.MaxValue && clock - split.LastNews >= _idleness;
            split.Watermark = Math.Max(split.Watermark, split.Generator.OnPeriodic());
        }

        await AdvanceAsync();
    }

    public async ValueTask EmitEndAsync()
    {
        if (!_hasEnded)
        {
            _hasEnded = true;
            SetIdle(false);
            _watermark = long.MaxValue;
            Context.Metrics.Activity++;
            Context.Metrics.Watermark = _watermark;
            await ForwardWatermarkAsync(_watermark);
        }
    }

    public override OperatorSnapshot? Snapshot()
    {
        var splits = _reader.Snapshot();
        return new OperatorSnapshot(Context.Uid)
        {
            Splits = [.. splits.Select(split => new SplitSnapshot(
                split.Id, split.Position, _splits.TryGetValue(split.Id, out var time) ? time.Watermark : long.MinValue))],
        };
    }

    public void RememberSnapshot(long checkpointId) => _snapshots.Enqueue((checkpointId, _reader.Snapshot()));

    public override ValueTask OnCheckpointSettledAsync(long checkpointId, bool committed, CancellationToken cancellationToken)
    {
        while (_snapshots.TryPeek(out var oldest) && oldest.CheckpointId <= checkpointId)
        {
            _snapshots.Dequeue();
            if (committed && oldest.CheckpointId == checkpointId)
            {
                _reader.OnCheckpointCommitted(Context.HasDurableCheckpoints ? checkpointId : 0, oldest.Splits);
            }
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask CloseAsync() => _reader?.DisposeAsync() ?? ValueTask.CompletedTask;

    private long IdleClock() => Context.Now - _paused;

    private async ValueTask AdvanceAsync()
    {
        if (_hasEnded)
        {
            return;
        }

        var min = long.MaxValue;
        var max = long.MinValue;
        var anyActive = false;
        foreach (var split in _splits.Values)
        {
            if (split.IsFinished)
            {
                continue;
            }

            max = Math.Max(max, split.Watermark);
            if (!split.IsIdle)
            {
                anyActive = true;
                min = Math.Min(min, split.Watermark);
            }
        }

        // A subtask without splits, or with quiet ones only, must not hold back the others; what it knows is put out before it goes idle.
        if (anyActive)
        {
            SetIdle(false);
        }

        var target = anyActive ? min : max;
        if (target > _watermark)
        {
            _watermark = target;
            Context.Metrics.Activity++;
            Context.Metrics.Watermark = target;
            await ForwardWatermarkAsync(target);
        }

        if (!anyActive)
        {
            SetIdle(true);
        }
    }

    private void SetIdle(bool idle)
    {
        if (_isIdle != idle)
        {
            _isIdle = idle;
            ProcessStatus(idle);
        }
    }

    private sealed class SplitTime(IWatermarkGenerator<T> generator, long watermark, long now)
    {
        public IWatermarkGenerator<T> Generator => generator;

        public long Watermark { get; set; } = watermark;

        public long LastNews { get; set; } = now;

        public bool HasNews { get; set; }

        public bool IsIdle { get; set; }

        public bool IsFinished { get; set; }
    }
}
