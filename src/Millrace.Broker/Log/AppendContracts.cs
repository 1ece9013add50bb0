using System.Runtime.InteropServices;
using Millrace.Protocol;

namespace Millrace.Broker.Log;

/// <summary>Who appends, which decides what is checked.</summary>
internal enum AppendOrigin
{
    /// <summary>A producer: everything is checked.</summary>
    Client,

    /// <summary>The group or transaction coordinator, to its internal topic: batches may be transactional, never fenced by sequence.</summary>
    Coordinator,

    /// <summary>The transaction coordinator's end of a transaction.</summary>
    TransactionMarker,
}

/// <summary>What a fetch may see.</summary>
internal enum IsolationLevel : byte
{
    /// <summary>Up to the high watermark.</summary>
    ReadUncommitted = 0,

    /// <summary>Up to the last stable offset, with the list of aborted transactions.</summary>
    ReadCommitted = 1,
}

/// <summary>Choices of one append.</summary>
internal sealed record AppendOptions
{
    public static AppendOptions Default { get; } = new();

    /// <summary>
    /// Refuse with INVALID_TXN_STATE the first transactional batch of a producer that has no transaction open in this log (KIP-890): the handler
    /// then asks the coordinator, and appends again without this flag.
    /// </summary>
    public bool RequireOpenTransaction { get; init; }
}

/// <summary>Why one record of a rejected batch was rejected (KIP-467).</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RecordError(int BatchIndex, string Message);

/// <summary>What became of an append. It is complete: either all batches are in the log, or none.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AppendResult
{
    public ErrorCode Error { get; init; }

    public string? ErrorMessage { get; init; }

    /// <summary>Offset of the first record (for a duplicate: the original's), or −1.</summary>
    public long BaseOffset { get; init; }

    /// <summary>Offset of the last record, or −1.</summary>
    public long LastOffset { get; init; }

    /// <summary>Time of appending where the topic's timestamps are LogAppendTime, otherwise −1.</summary>
    public long LogAppendTime { get; init; }

    public long LogStartOffset { get; init; }

    /// <summary>Whether the batch was there already and nothing was written.</summary>
    public bool IsDuplicate { get; init; }

    public IReadOnlyList<RecordError> RecordErrors { get; init; }

    public static AppendResult Failed(ErrorCode error, string message, long logStartOffset, IReadOnlyList<RecordError>? records = null) => new()
    {
        Error = error,
        ErrorMessage = message,
        BaseOffset = -1,
        LastOffset = -1,
        LogAppendTime = -1,
        LogStartOffset = logStartOffset,
        RecordErrors = records ?? [],
    };
}
