using System.Buffers;
using Millrace.Protocol;
using Millrace.Protocol.Records;
using Millrace.Protocol.Records.Compression;

namespace Millrace.Broker.Log.Appending;

/// <summary>
/// Checks the bytes of an append before they reach the log's owner, on the caller's thread: structure, checksum, limits, timestamps, keys; and
/// applies LogAppendTime and the topic's codec. Producer rules come later, as they depend on order.
/// </summary>
internal static class BatchPreparation
{
    public static PreparedAppend Prepare(
        ReadOnlyMemory<byte> bytes, AppendOrigin origin, LogConfig config, TopicPartition partition, long now)
    {
        var prepared = new PreparedAppend { LogAppendTime = config.LogAppendTime && origin == AppendOrigin.Client ? now : -1 };
        while (!bytes.IsEmpty)
        {
            if (!RecordBatch.TryRead(bytes, out var batch, out var error))
            {
                return error is not null && bytes.Length > RecordBatchHeader.MagicOffset && bytes.Span[RecordBatchHeader.MagicOffset] < RecordBatchHeader.CurrentMagic
                    ? prepared.Reject(ErrorCode.UnsupportedForMessageFormat, $"{partition}: {error}.")
                    : prepared.Reject(ErrorCode.CorruptMessage, $"{partition}: {error ?? "the last record batch is cut"}.");
            }

            if (!Check(batch, origin, config, partition, now, prepared))
                return prepared;
            bytes = bytes[batch.Bytes.Length..];
        }

        if (prepared.Batches.Count == 0)
            return prepared.Reject(ErrorCode.InvalidRecord, $"{partition}: the append holds no record batch.");
        return prepared.TotalSize > config.SegmentBytes
            ? prepared.Reject(ErrorCode.RecordListTooLarge, $"{partition}: {prepared.TotalSize} bytes do not fit segment.bytes={config.SegmentBytes}.")
            : prepared;
    }

    private static bool Check(
        in RecordBatch batch, AppendOrigin origin, LogConfig config, TopicPartition partition, long now, PreparedAppend prepared)
    {
        var size = batch.Bytes.Length;
        if (size > config.MaxMessageBytes && origin != AppendOrigin.TransactionMarker)
        {
            prepared.Reject(ErrorCode.MessageTooLarge, $"{partition}: the record batch has {size} bytes, max.message.bytes is {config.MaxMessageBytes}.");
            return false;
        }

        if (!batch.HasValidCrc())
        {
            prepared.Reject(ErrorCode.CorruptMessage, $"{partition}: the record batch's checksum does not match.");
            return false;
        }

        if (origin == AppendOrigin.Client && ClientError(batch.Header) is { } error)
        {
            prepared.Reject(ErrorCode.InvalidRecord, $"{partition}: {error}.");
            return false;
        }

        try
        {
            return origin == AppendOrigin.Client ? CheckRecords(batch, config, partition, now, prepared) : Trust(batch, prepared);
        }
        catch (CorruptRecordException e)
        {
            prepared.Reject(batch.Header.Compression == CompressionType.None ? ErrorCode.InvalidRecord : ErrorCode.CorruptMessage, $"{partition}: {e.Message}");
            return false;
        }
    }

    private static string? ClientError(in RecordBatchHeader header)
    {
        if (header.IsControl)
            return "clients may not write control records";
        if (header.Count != (long)header.LastOffsetDelta + 1)
            return $"the batch says {header.Count} records, its offsets span {header.LastOffsetDelta + 1L}";
        if (header.BaseOffset != 0)
            return $"the base offset is {header.BaseOffset}, a producer sends 0";
        if (header.HasProducerId && (header.BaseSequence < 0 || header.ProducerEpoch < 0))
            return $"the batch of producer {header.ProducerId} has no sequence or no epoch";
        if (header.IsTransactional && !header.HasProducerId)
            return "a transactional batch needs a producer id";
        if (header.HasDeleteHorizon)
            return "only compaction sets a delete horizon";
        return header.IsLogAppendTime ? "a producer may not set the timestamp type LogAppendTime" : null;
    }

    private static bool Trust(in RecordBatch batch, PreparedAppend prepared)
    {
        EndTransactionMarker? marker = null;
        if (batch.Header.IsControl)
        {
            foreach (var record in batch.Records())
            {
                if (EndTransactionMarker.TryRead(record, out var end))
                    marker = end;
            }
        }

        Add(prepared, batch.Header, batch.Body, marker);
        return true;
    }

    private static bool CheckRecords(in RecordBatch batch, LogConfig config, TopicPartition partition, long now, PreparedAppend prepared)
    {
        var compression = batch.Header.Compression;
        if (compression == CompressionType.None)
            return CheckBody(batch, batch.Body.Span, config, partition, now, prepared) && Finish(batch, null, config, now, prepared);
        var unpacked = RecordCompression.Decompress(compression, batch.Body, RecordBatch.DefaultDecompressionLimit);
        try
        {
            return CheckBody(batch, unpacked, config, partition, now, prepared) && Finish(batch, unpacked, config, now, prepared);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(unpacked.Array!);
        }
    }

    private static bool CheckBody(
        in RecordBatch batch, ReadOnlySpan<byte> body, LogConfig config, TopicPartition partition, long now, PreparedAppend prepared)
    {
        List<RecordError>? errors = null;
        var badTimestamps = 0;
        var position = 0;
        var max = -1L;
        var earliest = now - config.TimestampBeforeMaxMs;
        var latest = config.TimestampAfterMaxMs > long.MaxValue - now ? long.MaxValue : now + config.TimestampAfterMaxMs;
        for (var i = 0; i < batch.Count; i++)
        {
            if (!RecordParser.TryRead(body, ref position, out var record))
                throw new CorruptRecordException($"record {i} of {batch.Count} is malformed at byte {position}.");
            if (record.OffsetDelta != i)
                throw new CorruptRecordException($"record {i} has the offset delta {record.OffsetDelta}.");
            var timestamp = batch.Header.BaseTimestamp + record.TimestampDelta;
            max = Math.Max(max, timestamp);
            if (config.Compact && record.KeyLength < 0)
                (errors ??= []).Add(new RecordError(i, $"Compacted topic cannot accept message without key in topic partition {partition}."));
            if (!config.LogAppendTime && timestamp != -1 && (timestamp < earliest || timestamp > latest))
            {
                badTimestamps++;
                (errors ??= []).Add(new RecordError(i, $"Timestamp {timestamp} of message with offset {i} is out of range. The timestamp should be within [{earliest}, {latest}]"));
            }
        }

        if (position != body.Length)
            throw new CorruptRecordException($"{body.Length - position} bytes follow the {batch.Count} records.");
        prepared.MaxTimestamp = max;
        if (errors is null)
            return true;
        if (badTimestamps == errors.Count)
            prepared.Reject(ErrorCode.InvalidTimestamp, "One or more records have been rejected due to invalid timestamp", errors);
        else
            prepared.Reject(ErrorCode.InvalidRecord, $"One or more records have been rejected: {errors.Count} record errors, the first: {errors[0].Message}", errors);
        return false;
    }

    /// <summary>Gives the batch the topic's codec and kind of timestamp.</summary>
    private static bool Finish(in RecordBatch batch, ArraySegment<byte>? unpacked, LogConfig config, long now, PreparedAppend prepared)
    {
        var header = batch.Header;
        var body = batch.Body;
        if (config.Compression is { } codec && codec != header.Compression)
        {
            ReadOnlyMemory<byte> plain = unpacked ?? body;
            body = codec == CompressionType.None ? plain.ToArray() : RecordCompression.Compress(codec, plain, config.CompressionLevel);
            header = header with
            {
                Attributes = (short)((header.Attributes & ~RecordBatchAttributes.CompressionMask) | (int)codec),
                Length = RecordBatchHeader.Size - RecordBatchHeader.LogOverhead + body.Length,
            };
        }

        header = config.LogAppendTime
            ? header with { Attributes = (short)(header.Attributes | RecordBatchAttributes.LogAppendTime), MaxTimestamp = now }
            : header with { MaxTimestamp = prepared.MaxTimestamp };
        if (header != batch.Header)
            header = header with { Crc = header.ComputeCrc(body.Span) };
        prepared.MaxTimestamp = -1;
        Add(prepared, header, body, null);
        return true;
    }

    private static void Add(PreparedAppend prepared, in RecordBatchHeader header, ReadOnlyMemory<byte> body, EndTransactionMarker? marker)
    {
        prepared.Batches.Add(new PreparedBatch { Header = header, Body = body, Marker = marker });
        prepared.TotalSize += header.TotalSize;
    }
}
