using Millrace.Streams.Runtime;

namespace Millrace.Streams.Operators;

/// <summary>Gives results the timestamp of the element or timer in hand.</summary>
internal sealed class TimestampedCollector<T>(Output<T> output) : ICollector<T>
{
    public long Timestamp { get; set; } = long.MinValue;

    public void Collect(T value) => output.Emit(value, Timestamp);
}
