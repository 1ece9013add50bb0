using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Streams.Checkpoints;
using Millrace.Streams.Operators;
using Millrace.Streams.Runtime;

namespace Millrace.Streams.Testing;

/// <summary>
/// Drives one operator by hand, in the test's own thread: elements, watermarks and the clock come when the test says so, and results are there when the
/// call returns. Made from the stream API itself, so that what is tested is what runs.
/// </summary>
public static class OperatorTestHarness
{
    /// <summary>A harness for the operator that <paramref name="define"/> puts behind the given stream: exactly one, for example
    /// <c>input => input.KeyBy(t => t.AccountId).Process(new MyFunction())</c>.</summary>
    /// <typeparam name="TIn">The type of the elements.</typeparam>
    /// <typeparam name="TOut">The type of the results.</typeparam>
    /// <param name="define">Defines the operator.</param>
    /// <param name="from">A snapshot of an earlier harness to restore, if any.</param>
    /// <param name="now">The clock at the start, in milliseconds since 1970-01-01 UTC.</param>
    public static OperatorTestHarness<TIn, TOut> For<TIn, TOut>(
        Func<DataStream<TIn>, SingleOutputStreamOperator<TOut>> define, HarnessSnapshot? from = null, long now = 0)
    {
        var env = StreamExecutionEnvironment.GetExecutionEnvironment();
        var stream = define(env.FromCollection(Array.Empty<TIn>()));
        var node = stream.Upstreams[0].Node;
        return new OperatorTestHarness<TIn, TOut>(node.CreateOperator(), from, now);
    }
}

/// <summary>A state that a harness can be restored from.</summary>
public sealed class HarnessSnapshot
{
    internal HarnessSnapshot(OperatorRestore restore) => Restore = restore;

    internal OperatorRestore Restore { get; }
}

/// <summary>Drives one operator by hand.</summary>
/// <typeparam name="TIn">The type of the elements.</typeparam>
/// <typeparam name="TOut">The type of the results.</typeparam>
public sealed class OperatorTestHarness<TIn, TOut>
{
    private const int MaxParallelism = 128;

    private readonly StreamOperator _operator;
    private readonly IInput<TIn> _input;
    private readonly HarnessClock _clock;
    private readonly Recorder<TOut> _output = new();
    private readonly SubtaskMetrics _metrics = new();
    private readonly List<(byte[] Run, KeyGroupRange Range)> _runs;

    internal OperatorTestHarness(StreamOperator one, HarnessSnapshot? from, long now)
    {
        _operator = one;
        _clock = new HarnessClock(now);
        _runs = [.. from?.Restore.Runs ?? []];
        one.Setup(new OperatorContext
        {
            JobName = "harness",
            OperatorName = "operator",
            Uid = "operator",
            SubtaskIndex = 0,
            Parallelism = 1,
            MaxParallelism = MaxParallelism,
            TimeProvider = _clock,
            LoggerFactory = NullLoggerFactory.Instance,
            Metrics = _metrics,
            TracksChanges = true,
            Restore = from?.Restore ?? OperatorRestore.Nothing,
        });
        one.AttachOutput(null, _output);
        _input = one.GetInput<TIn>(0);
    }

    /// <summary>The results so far.</summary>
    public IReadOnlyList<TOut> Output => _output.Values;

    /// <summary>The results so far, with their timestamps.</summary>
    public IReadOnlyList<(TOut Value, long Timestamp)> OutputWithTimestamps => _output.Records;

    /// <summary>The watermarks that came out.</summary>
    public IReadOnlyList<long> Watermarks => _output.Watermarks;

    /// <summary>How many elements were dropped because they came too late.</summary>
    public long LateRecordsDropped => _metrics.LateDropped;

    private bool IsOpen { get; set; }

    /// <summary>Listens to a side output; call it before the first element.</summary>
    public IReadOnlyList<TSide> SideOutput<TSide>(OutputTag<TSide> tag)
    {
        if (IsOpen)
        {
            throw new InvalidOperationException("Ask for side outputs before the first element.");
        }

        var recorder = new Recorder<TSide>();
        _operator.AttachOutput(tag, recorder);
        return recorder.Values;
    }

    /// <summary>Gives an element to the operator.</summary>
    public void ProcessElement(TIn value, long timestamp)
    {
        Open();
        _input.Process(value, timestamp);
    }

    /// <summary>Advances event time.</summary>
    public async Task ProcessWatermarkAsync(long watermark)
    {
        Open();
        await _operator.ProcessWatermarkAsync(watermark);
    }

    /// <summary>Advances the clock.</summary>
    public async Task SetProcessingTimeAsync(long now)
    {
        Open();
        _clock.Millis = now;
        await _operator.OnProcessingTimeAsync(now);
    }

    /// <summary>The operator's state, to restore another harness from.</summary>
    public HarnessSnapshot Snapshot()
    {
        Open();
        var snapshot = _operator.Snapshot();
        if (snapshot?.Keyed is { } run)
        {
            _runs.Add((run, new KeyGroupRange(0, MaxParallelism - 1)));
        }

        return new HarnessSnapshot(new OperatorRestore
        {
            Watermark = snapshot?.Watermark ?? long.MinValue,
            KeySerializer = snapshot?.KeySerializer,
            Runs = _runs.Count > 1 ? [(State.SortedRunMerger.Merge(_runs, dropsDeletions: true), new KeyGroupRange(0, MaxParallelism - 1))] : [.. _runs],
        });
    }

    private void Open()
    {
        if (!IsOpen)
        {
            IsOpen = true;
            _operator.Open();
        }
    }

    private sealed class Recorder<T> : Output<T>
    {
        public List<T> Values { get; } = [];

        public List<(T Value, long Timestamp)> Records { get; } = [];

        public List<long> Watermarks { get; } = [];

        public override void Emit(T value, long timestamp)
        {
            Values.Add(value);
            Records.Add((value, timestamp));
        }

        public override ValueTask EmitWatermarkAsync(long watermark)
        {
            Watermarks.Add(watermark);
            return ValueTask.CompletedTask;
        }

        public override void EmitStatus(bool idle)
        {
        }
    }

    private sealed class HarnessClock(long now) : TimeProvider
    {
        public long Millis { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Millis);
    }
}
