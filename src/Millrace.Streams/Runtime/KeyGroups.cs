namespace Millrace.Streams.Runtime;

/// <summary>The key groups of a subtask, both ends included.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct KeyGroupRange(int From, int To)
{
    public bool Contains(int group) => group >= From && group <= To;

    public KeyGroupRange? Intersect(KeyGroupRange other)
    {
        var from = Math.Max(From, other.From);
        var to = Math.Min(To, other.To);
        return from <= to ? new KeyGroupRange(from, to) : null;
    }
}

internal static class KeyGroups
{
    public static int OfHash(ulong hash, int maxParallelism) => (int)(hash % (uint)maxParallelism);

    public static int OperatorIndex(int group, int parallelism, int maxParallelism) => (int)((long)group * parallelism / maxParallelism);

    /// <summary>The groups for which <see cref="OperatorIndex"/> gives the subtask.</summary>
    public static KeyGroupRange RangeOf(int subtask, int parallelism, int maxParallelism) =>
        new(CeilingDivide((long)subtask * maxParallelism, parallelism), CeilingDivide((long)(subtask + 1) * maxParallelism, parallelism) - 1);

    private static int CeilingDivide(long value, long divisor) => (int)((value + divisor - 1) / divisor);
}
