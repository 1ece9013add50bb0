using System.Runtime.InteropServices;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Log.Appending;

/// <summary>A checked batch that waits for its offset. The header replaces the one in the bytes when it is written.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct PreparedBatch
{
    public RecordBatchHeader Header;
    public ReadOnlyMemory<byte> Body;
    public EndTransactionMarker? Marker;
}

/// <summary>What the check of an append's bytes found.</summary>
internal sealed class PreparedAppend
{
    public List<PreparedBatch> Batches { get; } = new(1);

    public int TotalSize { get; set; }

    public long MaxTimestamp { get; set; } = -1;

    public ErrorCode Error { get; private set; }

    public string? Message { get; private set; }

    public IReadOnlyList<RecordError> RecordErrors { get; private set; } = [];

    public long LogAppendTime { get; set; } = -1;

    public PreparedAppend Reject(ErrorCode error, string message, IReadOnlyList<RecordError>? records = null)
    {
        (Error, Message, RecordErrors) = (error, message, records ?? []);
        return this;
    }
}
