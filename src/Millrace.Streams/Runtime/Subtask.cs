using System.Collections.Concurrent;
using System.Diagnostics;
using Millrace.Streams.Checkpoints;
using Millrace.Streams.Connectors;
using Millrace.Streams.Graph;
using Millrace.Streams.Operators;

namespace Millrace.Streams.Runtime;

/// <summary>Hears from subtasks.</summary>
internal interface ISubtaskListener
{
    void OnSnapshot(Subtask subtask, long checkpointId, IReadOnlyList<OperatorSnapshot> snapshots);

    void OnEndOfInput(Subtask subtask);
}

internal abstract record SubtaskMessage;

internal sealed record TriggerCheckpoint(long CheckpointId) : SubtaskMessage;

internal sealed record CheckpointSettled(long CheckpointId, bool IsCommitted, Action OnHandled) : SubtaskMessage;

internal sealed record AssignSplits(IReadOnlyList<SourceSplit> Splits) : SubtaskMessage;

/// <summary>
/// One parallel instance of a chain: an asynchronous loop that takes a batch, runs it through the operators, and goes on. Everything in it happens one after the
/// other, so operators need no locks; it gives its thread back when there is nothing to do, no room downstream, or others wait for a turn.
/// </summary>
internal sealed class Subtask
{
    private const int ReadSize = 1024;
    private const int TurnsBeforeYield = 16;
    private static readonly long s_flushInterval = Stopwatch.Frequency / 200;

    private readonly ConcurrentQueue<SubtaskMessage> _mailbox = new();
    private readonly TimeProvider _timeProvider;
    private readonly ISubtaskListener _listener;
    private StreamOperator[] _operators = [];
    private StreamOperator[] _timed = [];
    private RecordWriter[] _writers = [];
    private BatchHandler[] _handlers = [];
    private InputGate? _gate;
    private WatermarkValve? _valve;
    private ISourceDriver? _source;
    private CancellationToken _cancellationToken;
    private Task? _dataWatch;
    private long _lastFlush;
    private long _lastTrigger;
    private long _abortedUpTo;
    private bool _hasEnded;

    public Subtask(JobVertex vertex, int index, TimeProvider timeProvider, ISubtaskListener listener)
    {
        Vertex = vertex;
        Index = index;
        _timeProvider = timeProvider;
        _listener = listener;
    }

    public JobVertex Vertex { get; }

    public int Index { get; }

    public AsyncSignal Signal { get; } = new();

    public SubtaskMetrics Metrics { get; } = new();

    public bool IsSource => _source is not null;

    public string Description => $"{Vertex.Name} ({Index + 1}/{Vertex.Parallelism})";

    public void Assemble(
        IReadOnlyList<StreamOperator> operators, IReadOnlyList<RecordWriter> writers, IReadOnlyList<InputChannel> channels,
        IReadOnlyList<BatchHandler> handlers, bool blocksOnBarriers, long watermarkFloor)
    {
        _operators = [.. operators];
        _writers = [.. writers];
        _handlers = [.. handlers];
        _source = _operators[0] as ISourceDriver;
        if (_source is null)
        {
            _gate = new InputGate([.. channels], new BarrierAligner(channels.Count, blocksOnBarriers));
            _valve = new WatermarkValve(channels.Count, watermarkFloor);
        }
    }

    public void Post(SubtaskMessage message)
    {
        _mailbox.Enqueue(message);
        Signal.Set();
    }

    public async ValueTask WaitForRoomAsync()
    {
        if (!IsAnyWriterFull())
        {
            return;
        }

        var start = Stopwatch.GetTimestamp();
        Metrics.Enter(LoopState.BackPressured);
        while (IsAnyWriterFull())
        {
            _cancellationToken.ThrowIfCancellationRequested();
            await Signal.WaitAsync();
        }

        Metrics.Enter(LoopState.Busy);
        _source?.OnPaused((long)Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    /// <summary>Runs until cancelled. An exception is the subtask's failure.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        _cancellationToken = cancellationToken;
        await using var wake = cancellationToken.Register(static state => ((AsyncSignal)state!).Set(), Signal);
        await using var clock = _timeProvider.CreateTimer(
            static state => ((AsyncSignal)state!).Set(), Signal, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            // Downstream operators first: an operator may emit as soon as it is open.
            foreach (var one in _operators.Reverse())
            {
                one.Open();
            }

            _timed = [.. _operators];
            await LoopAsync(clock);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
        finally
        {
            await CloseAsync();
        }
    }

    private async Task LoopAsync(ITimer clock)
    {
        var turns = 0;
        Metrics.Enter(LoopState.Busy);
        while (!_cancellationToken.IsCancellationRequested)
        {
            while (_mailbox.TryDequeue(out var message))
            {
                await HandleAsync(message);
            }

            var progressed = _source is null ? await ProcessInputAsync() : await ReadAsync();
            var due = await RunClockAsync();
            foreach (var one in _operators)
            {
                await one.PumpAsync(_cancellationToken);
            }

            if (!progressed)
            {
                Flush();
                await WaitForRoomAsync();
                if (due < long.MaxValue)
                {
                    clock.Change(TimeSpan.FromMilliseconds(Math.Clamp(due - Now(), 1, int.MaxValue)), Timeout.InfiniteTimeSpan);
                }

                Metrics.Enter(LoopState.Idle);
                await Signal.WaitAsync();
                Metrics.Enter(LoopState.Busy);
                turns = 0;
                continue;
            }

            if (Stopwatch.GetTimestamp() - _lastFlush > s_flushInterval)
            {
                Flush();
            }

            await WaitForRoomAsync();
            if (++turns == TurnsBeforeYield)
            {
                turns = 0;
                await Task.Yield();
            }
        }
    }

    private async ValueTask<bool> ProcessInputAsync()
    {
        if (!_gate!.TryTake(out var item, out var channel))
        {
            return false;
        }

        switch (item.Kind)
        {
            case ItemKind.Batch:
                Metrics.RecordsIn += _handlers[channel].Process(item.Batch!);
                Metrics.Activity++;
                break;
            case ItemKind.Watermark:
                await ApplyAsync(_valve!.OnWatermark(channel, item.Value));
                break;
            case ItemKind.Idle:
            case ItemKind.Active:
                await ApplyAsync(_valve!.OnStatus(channel, item.Kind == ItemKind.Idle));
                break;
            case ItemKind.Barrier:
                if (_gate.Aligner.OnBarrier(channel, item.Value))
                {
                    await TakeSnapshotAsync(item.Value);
                }

                break;
        }

        return true;
    }

    private async ValueTask ApplyAsync(WatermarkValve.Outcome outcome)
    {
        var head = _operators[0];
        if (outcome.Idle == false)
        {
            head.ProcessStatus(idle: false);
        }

        if (outcome.HasWatermark)
        {
            Metrics.Watermark = outcome.Watermark;
            Metrics.Activity++;
            await head.ProcessWatermarkAsync(outcome.Watermark);
        }

        if (outcome.Idle == true)
        {
            head.ProcessStatus(idle: true);
        }
    }

    private async ValueTask<bool> ReadAsync()
    {
        if (_hasEnded)
        {
            return false;
        }

        var before = Metrics.RecordsIn;
        var result = _source!.Read(ReadSize);
        Metrics.Activity += Metrics.RecordsIn - before;
        switch (result)
        {
            case SourceReadResult.EndOfInput when _source.IsBounded:
                _hasEnded = true;
                await _source.EmitEndAsync();
                Flush();
                _listener.OnEndOfInput(this);
                return true;
            case SourceReadResult.MoreAvailable:
                return true;
            default:
                if (_dataWatch is null or { IsCompleted: true })
                {
                    if (_dataWatch is { IsFaulted: true })
                    {
                        await _dataWatch;
                    }

                    _dataWatch = WatchForDataAsync();
                }

                // What was read in the last moment is processed before the loop rests.
                return Metrics.RecordsIn != before;
        }
    }

    private async Task WatchForDataAsync()
    {
        try
        {
            await _source!.WaitForDataAsync(_cancellationToken);
        }
        finally
        {
            Signal.Set();
        }
    }

    private async ValueTask<long> RunClockAsync()
    {
        var now = Now();
        var next = long.MaxValue;
        foreach (var one in _timed)
        {
            if (one.NextProcessingTime <= now)
            {
                await one.OnProcessingTimeAsync(now);
            }

            next = Math.Min(next, one.NextProcessingTime);
        }

        return next;
    }

    private async ValueTask HandleAsync(SubtaskMessage message)
    {
        switch (message)
        {
            case TriggerCheckpoint trigger when trigger.CheckpointId > _abortedUpTo && trigger.CheckpointId > _lastTrigger:
                _lastTrigger = trigger.CheckpointId;
                await TakeSnapshotAsync(trigger.CheckpointId);
                break;
            case CheckpointSettled settled:
                if (!settled.IsCommitted)
                {
                    _abortedUpTo = Math.Max(_abortedUpTo, settled.CheckpointId);
                    _gate?.Aligner.OnAborted(settled.CheckpointId);
                }

                foreach (var one in _operators)
                {
                    await one.OnCheckpointSettledAsync(settled.CheckpointId, settled.IsCommitted, _cancellationToken);
                }

                settled.OnHandled();
                break;
            case AssignSplits assign:
                _source!.AddSplits(assign.Splits);
                break;
        }
    }

    /// <summary>The hook before the barrier, the barrier, the synchronous snapshot; writing it is the coordinator's work.</summary>
    private async ValueTask TakeSnapshotAsync(long checkpointId)
    {
        foreach (var one in _operators)
        {
            await one.PrepareBarrierAsync(checkpointId, _cancellationToken);
        }

        foreach (var writer in _writers)
        {
            writer.EmitBarrier(checkpointId);
        }

        var snapshots = new List<OperatorSnapshot>();
        foreach (var one in _operators)
        {
            if (one.Snapshot() is { } snapshot)
            {
                snapshots.Add(snapshot);
            }
        }

        _source?.RememberSnapshot(checkpointId);
        _listener.OnSnapshot(this, checkpointId, snapshots);
    }

    private void Flush()
    {
        _lastFlush = Stopwatch.GetTimestamp();
        foreach (var writer in _writers)
        {
            writer.Flush();
        }
    }

    private bool IsAnyWriterFull()
    {
        foreach (var writer in _writers)
        {
            if (writer.IsFull)
            {
                return true;
            }
        }

        return false;
    }

    private long Now() => _timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    private async ValueTask CloseAsync()
    {
        Metrics.Enter(LoopState.Idle);
        if (_dataWatch is { } watch)
        {
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        foreach (var one in _operators)
        {
            await one.CloseAsync();
        }
    }
}
