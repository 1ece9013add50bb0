using Millrace.Streams.Checkpoints;
using Millrace.Streams.Runtime;

namespace Millrace.Streams.Operators;

/// <summary>Takes elements of one type: the first operator of a chain from a channel, the others from the operator before them.</summary>
internal interface IInput<in T>
{
    void Process(T value, long timestamp);

    ValueTask ProcessWatermarkAsync(long watermark);

    void ProcessStatus(bool idle);
}

/// <summary>One operator in one subtask. All calls come from the subtask's loop, one at a time.</summary>
internal abstract class StreamOperator
{
    private readonly Dictionary<string, List<object>> _outputs = new(StringComparer.Ordinal);

    public OperatorContext Context { get; private set; } = null!;

    /// <summary>When the operator wants to be called by the clock; <see cref="long.MaxValue"/> for never.</summary>
    public virtual long NextProcessingTime => long.MaxValue;

    /// <summary>Whether it keeps something per key that a checkpoint holds.</summary>
    public virtual bool HasKeyedState => false;

    public void Setup(OperatorContext context) => Context = context;

    public void AttachOutput(OutputTag? tag, object output)
    {
        var id = tag?.Id ?? string.Empty;
        if (!_outputs.TryGetValue(id, out var list))
        {
            _outputs[id] = list = [];
        }

        list.Add(output);
    }

    public abstract IInput<T> GetInput<T>(int index);

    public virtual void Open()
    {
    }

    /// <summary>Time for the clock's work: timers, periodic watermarks.</summary>
    public virtual ValueTask OnProcessingTimeAsync(long now) => ValueTask.CompletedTask;

    public virtual ValueTask ProcessWatermarkAsync(long watermark) => ValueTask.CompletedTask;

    public virtual void ProcessStatus(bool idle)
    {
    }

    /// <summary>Called before the barrier goes downstream.</summary>
    public virtual ValueTask PrepareBarrierAsync(long checkpointId, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>The synchronous part of a checkpoint: what changed since the last one, serialised.</summary>
    public virtual OperatorSnapshot? Snapshot() => null;

    public virtual ValueTask OnCheckpointSettledAsync(long checkpointId, bool committed, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Called after each batch; a sink hands on what it buffered and may wait here.</summary>
    public virtual ValueTask PumpAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    protected IEnumerable<IWatermarkOutput> SideOutputs() =>
        _outputs.Where(entry => entry.Key.Length > 0).SelectMany(entry => entry.Value).Cast<IWatermarkOutput>();

    protected Output<T> BuildOutput<T>() => BuildOutput<T>(string.Empty);

    protected Output<T> BuildOutput<T>(string tag)
    {
        if (!_outputs.TryGetValue(tag, out var list))
        {
            return NoOutput<T>.Instance;
        }

        var outputs = list.ConvertAll(output => output as Output<T> ?? throw new InvalidOperationException(
            $"Side output '{tag}' of operator '{Context.OperatorName}' is read as another type than {typeof(T).Name}. Use the same OutputTag on both sides."));
        return outputs is [var only] ? only : new FanOutOutput<T>([.. outputs]);
    }
}

/// <summary>An operator with a main output.</summary>
internal abstract class OutputOperator<TOut> : StreamOperator
{
    private Dictionary<string, object>? _sideOutputs;
    private IWatermarkOutput[] _sideWatermarks = [];

    protected Output<TOut> Out { get; private set; } = NoOutput<TOut>.Instance;

    public override void Open()
    {
        Out = BuildOutput<TOut>();
        _sideWatermarks = [.. SideOutputs()];
    }

    public override ValueTask ProcessWatermarkAsync(long watermark) => ForwardWatermarkAsync(watermark);

    public override void ProcessStatus(bool idle)
    {
        Out.EmitStatus(idle);
        foreach (var side in _sideWatermarks)
        {
            side.EmitStatus(idle);
        }
    }

    /// <summary>Side outputs follow the operator's watermark as its main output does.</summary>
    protected async ValueTask ForwardWatermarkAsync(long watermark)
    {
        await Out.EmitWatermarkAsync(watermark);
        foreach (var side in _sideWatermarks)
        {
            await side.EmitWatermarkAsync(watermark);
        }
    }

    internal void EmitSide<T>(OutputTag<T> tag, T value, long timestamp)
    {
        _sideOutputs ??= new Dictionary<string, object>(StringComparer.Ordinal);
        if (!_sideOutputs.TryGetValue(tag.Id, out var output))
        {
            _sideOutputs[tag.Id] = output = BuildOutput<T>(tag.Id);
        }

        ((output as Output<T>) ?? throw new InvalidOperationException(
            $"Side output '{tag.Id}' of operator '{Context.OperatorName}' is used with several types.")).Emit(value, timestamp);
    }
}
