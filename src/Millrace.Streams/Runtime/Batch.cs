using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Millrace.Streams.Runtime;

/// <summary>Elements on their way from one subtask to another. Pooled: the receiver returns it after the last element.</summary>
internal sealed class Batch<T>
{
    /// <summary>Large enough that queue and lock cost nothing per element, small enough that eight of them per channel are little latency.</summary>
    public const int Capacity = 256;

    private const int MostPooled = 256;

    private static readonly ConcurrentQueue<Batch<T>> s_pool = new();

    public readonly T[] Values = new T[Capacity];
    public readonly long[] Timestamps = new long[Capacity];
    public int Count;

    public static Batch<T> Rent() => s_pool.TryDequeue(out var batch) ? batch : new Batch<T>();

    public void Return()
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            Array.Clear(Values, 0, Count);
        }

        Count = 0;
        if (s_pool.Count < MostPooled)
        {
            s_pool.Enqueue(this);
        }
    }
}
