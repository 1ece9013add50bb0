using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Millrace.Protocol.Records;

/// <summary>How a transaction ended.</summary>
public enum TransactionResult
{
    /// <summary>Its records are to be skipped.</summary>
    Abort = 0,

    /// <summary>Its records count.</summary>
    Commit = 1,
}

/// <summary>The control record that ends a transaction in one partition (KIP-98). Key: version, type; value: version, coordinator epoch.</summary>
/// <param name="Result">Commit or abort.</param>
/// <param name="CoordinatorEpoch">Epoch of the coordinator that wrote it.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct EndTransactionMarker(TransactionResult Result, int CoordinatorEpoch)
{
    /// <summary>Reads a control record; false for control records of another type.</summary>
    public static bool TryRead(in Record record, out EndTransactionMarker marker)
    {
        marker = default;
        if (record.Key is not { Length: >= 4 } key || record.Value is not { Length: >= 6 } value)
            return false;
        var type = BinaryPrimitives.ReadInt16BigEndian(key.Span[2..]);
        if (BinaryPrimitives.ReadInt16BigEndian(key.Span) < 0 || type is not (0 or 1))
            return false;
        marker = new EndTransactionMarker((TransactionResult)type, BinaryPrimitives.ReadInt32BigEndian(value.Span[2..]));
        return true;
    }

    /// <summary>A whole batch with the marker as its only record, as <c>WriteTxnMarkers</c> appends it.</summary>
    /// <param name="producerId">Producer of the transaction.</param>
    /// <param name="producerEpoch">Its epoch.</param>
    /// <param name="timestamp">Milliseconds since the epoch.</param>
    public byte[] ToBatch(long producerId, short producerEpoch, long timestamp)
    {
        var key = new byte[4];
        BinaryPrimitives.WriteInt16BigEndian(key.AsSpan(2), (short)Result);
        var value = new byte[6];
        BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(2), CoordinatorEpoch);
        var options = new RecordBatchOptions { ProducerId = producerId, ProducerEpoch = producerEpoch, IsTransactional = true, IsControl = true };
        return new RecordBatchBuilder(options).Append(timestamp, key.AsMemory(), value.AsMemory()).Build();
    }
}
