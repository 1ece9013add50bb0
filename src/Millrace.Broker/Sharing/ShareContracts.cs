using System.Runtime.InteropServices;
using Millrace.Protocol;

namespace Millrace.Broker.Sharing;

/// <summary>What a consumer says of a record (KIP-932, KIP-1222), by its number on the wire.</summary>
internal enum AcknowledgeType : sbyte
{
    /// <summary>There is no such record: compacted away, or the marker of a transaction.</summary>
    Gap = 0,

    Accept = 1,

    /// <summary>To be delivered again.</summary>
    Release = 2,

    /// <summary>Never to be delivered again.</summary>
    Reject = 3,

    /// <summary>Still at work: the lock begins anew.</summary>
    Renew = 4,
}

/// <summary>One answer for a range of offsets, with one type for all or one for each.</summary>
internal sealed record AcknowledgementBatch(long First, long Last, IReadOnlyList<sbyte> Types)
{
    public AcknowledgeType TypeAt(long offset) => (AcknowledgeType)(Types.Count == 1 ? Types[0] : Types[(int)(offset - First)]);

    /// <summary>The last of the offsets from <paramref name="offset"/> on that have its type.</summary>
    public long EndOfType(long offset)
    {
        if (Types.Count == 1) return Last;
        var last = offset;
        while (last < Last && TypeAt(last + 1) == TypeAt(offset)) last++;
        return last;
    }
}

/// <summary>Offsets that were read from the log: records, or (<see cref="IsGap"/>) a batch that no consumer is to see.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LogRange(long First, long Last, bool IsGap);

/// <summary>Records that a consumer has got, and for which time they are.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AcquiredRange(long First, long Last, short DeliveryCount);

/// <summary>How much a fetch may still take.</summary>
/// <param name="MaxRecords">Records; a batch that was begun is given as a whole.</param>
/// <param name="IsStrict">Whether the number is a limit for batches too (KIP-1206).</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AcquireLimit(int MaxRecords, bool IsStrict);

/// <summary>What became of acknowledgements.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ShareOutcome(ErrorCode Error, string? Message = null)
{
    public static ShareOutcome Done => default;
}
