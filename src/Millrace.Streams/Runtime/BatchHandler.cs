using Millrace.Streams.Operators;

namespace Millrace.Streams.Runtime;

/// <summary>Gives the elements of a batch to the first operator of a chain.</summary>
internal abstract class BatchHandler
{
    /// <summary>Processes and returns the batch; answers how many elements it had.</summary>
    public abstract int Process(object batch);
}

internal sealed class BatchHandler<T>(IInput<T> input) : BatchHandler
{
    public override int Process(object batch)
    {
        var typed = (Batch<T>)batch;
        var count = typed.Count;
        var values = typed.Values.AsSpan(0, count);
        var timestamps = typed.Timestamps.AsSpan(0, count);
        for (var index = 0; index < values.Length; index++)
        {
            input.Process(values[index], timestamps[index]);
        }

        typed.Return();
        return count;
    }
}
