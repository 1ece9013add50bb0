using Millrace.Streams.Operators;

namespace Millrace.Streams.Runtime;

/// <summary>The part of an output that does not depend on the type of the elements.</summary>
internal interface IWatermarkOutput
{
    ValueTask EmitWatermarkAsync(long watermark);

    void EmitStatus(bool idle);
}

/// <summary>Where an operator's results go: the next operator of the chain, or a writer to other subtasks.</summary>
internal abstract class Output<T> : IWatermarkOutput
{
    public abstract void Emit(T value, long timestamp);

    public abstract ValueTask EmitWatermarkAsync(long watermark);

    public abstract void EmitStatus(bool idle);
}

/// <summary>No one listens (a sink, or an output that the job does not use).</summary>
internal sealed class NoOutput<T> : Output<T>
{
    public static NoOutput<T> Instance { get; } = new();

    public override void Emit(T value, long timestamp)
    {
    }

    public override ValueTask EmitWatermarkAsync(long watermark) => ValueTask.CompletedTask;

    public override void EmitStatus(bool idle)
    {
    }
}

internal sealed class ChainedOutput<T>(IInput<T> input) : Output<T>
{
    public override void Emit(T value, long timestamp) => input.Process(value, timestamp);

    public override ValueTask EmitWatermarkAsync(long watermark) => input.ProcessWatermarkAsync(watermark);

    public override void EmitStatus(bool idle) => input.ProcessStatus(idle);
}

internal sealed class FanOutOutput<T>(Output<T>[] outputs) : Output<T>
{
    public override void Emit(T value, long timestamp)
    {
        foreach (var output in outputs)
        {
            output.Emit(value, timestamp);
        }
    }

    public override async ValueTask EmitWatermarkAsync(long watermark)
    {
        foreach (var output in outputs)
        {
            await output.EmitWatermarkAsync(watermark);
        }
    }

    public override void EmitStatus(bool idle)
    {
        foreach (var output in outputs)
        {
            output.EmitStatus(idle);
        }
    }
}
