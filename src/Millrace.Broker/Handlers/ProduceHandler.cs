using Millrace.Broker.Groups;
using Millrace.Broker.Log;
using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Handlers;

/// <summary>
/// Produce 3–13 (KIP-98 transactions, KIP-467 record errors, KIP-516 topic ids; 0–2 are advertised only, see <see cref="ApiVersionsHandler"/>). Each
/// partition succeeds or fails for itself. The one replica is the in-sync set, so acks=1 and acks=all answer at the same moment: when the log has
/// the batch. acks=0 has no response, and a failure closes the connection, which is the only sign that such a producer can see.
/// </summary>
internal sealed class ProduceHandler(BrokerContext broker) : RequestHandler<ProduceRequest, ProduceResponse>
{
    private const int AttributesOffset = 22;
    private const int CodecMask = 0x07;

    /// <summary>KIP-110: older clients cannot know zstd.</summary>
    private const short FirstZstdVersion = 7;

    private const short FirstTopicIdVersion = 13;

    private const short FirstAbortableVersion = 11;

    private static readonly AppendOptions InOpenTransaction = new() { RequireOpenTransaction = true };

    /// <summary>Kafka's own admin tools may write to internal topics.</summary>
    private const string AdminClientId = "__admin_client";

    protected override async ValueTask<ProduceResponse?> HandleAsync(ProduceRequest request, RequestContext context)
    {
        var response = new ProduceResponse();
        response.Responses.EnsureCapacity(request.TopicData.Count);
        foreach (var data in request.TopicData)
        {
            var topic = context.Version >= FirstTopicIdVersion ? broker.Topics.Find(data.TopicId) : broker.Topics.Find(data.Name);
            var answered = new ProduceResponse.TopicProduceResponse { Name = data.Name, TopicId = data.TopicId };
            foreach (var partition in data.PartitionData) answered.PartitionResponses.Add(await AppendAsync(request, topic, partition, context));
            response.Responses.Add(answered);
        }

        if (request.Acks != 0) return response;
        var failed = response.Responses.SelectMany(static t => t.PartitionResponses).FirstOrDefault(static p => p.ErrorCode != ErrorCode.None);
        if (failed is not null) throw new RequestFailedException(failed.ErrorCode, $"a record set sent with acks=0 was not written: {failed.ErrorMessage ?? failed.ErrorCode.Text()}");
        return null;
    }

    protected override ProduceResponse? Failed(ProduceRequest request, RequestContext context, ErrorCode error, string message) => null;

    private static ErrorCode Check(ProduceRequest request, Topic? topic, ProduceRequest.PartitionProduceData data, RequestContext context, out string? message)
    {
        message = null;
        if (request.Acks is < -1 or > 1) return ErrorCode.InvalidRequiredAcks;
        if (topic is null) return context.Version >= FirstTopicIdVersion ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
        if (topic.Partition(data.Index) is null) return ErrorCode.UnknownTopicOrPartition;
        if (topic.IsInternal && context.ClientId != AdminClientId) return ErrorCode.InvalidTopic;
        if (data.Records is not { Length: > AttributesOffset } records)
        {
            message = "the record set holds no record batch";
            return ErrorCode.InvalidRecord;
        }

        if (context.Version < FirstZstdVersion && (records.Span[AttributesOffset] & CodecMask) == (int)CompressionType.Zstd)
        {
            message = $"zstd needs version {FirstZstdVersion} of Produce";
            return ErrorCode.UnsupportedCompressionType;
        }

        return ErrorCode.None;
    }

    private static ProduceResponse.PartitionProduceResponse Answer(int index, in AppendResult result)
    {
        var answer = new ProduceResponse.PartitionProduceResponse
        {
            Index = index,
            ErrorCode = result.Error,
            ErrorMessage = result.ErrorMessage,
            BaseOffset = result.BaseOffset,
            LogAppendTimeMs = result.LogAppendTime,
            LogStartOffset = result.LogStartOffset,
        };
        foreach (var error in result.RecordErrors ?? []) answer.RecordErrors.Add(new() { BatchIndex = error.BatchIndex, BatchIndexErrorMessage = error.Message });
        return answer;
    }

    private async ValueTask<ProduceResponse.PartitionProduceResponse> AppendAsync(
        ProduceRequest request, Topic? topic, ProduceRequest.PartitionProduceData data, RequestContext context)
    {
        var problem = Check(request, topic, data, context, out string? message);
        if (problem != ErrorCode.None)
            return new() { Index = data.Index, ErrorCode = problem, ErrorMessage = message ?? problem.Text(), BaseOffset = -1 };
        var log = topic!.Partitions[data.Index];
        var refused = broker.Cluster?.CheckAppend(context.Connection.NodeId, log, request.Acks) ?? ErrorCode.None;
        if (refused != ErrorCode.None) return new() { Index = data.Index, ErrorCode = refused, ErrorMessage = refused.Text(), BaseOffset = -1 };
        var result = await log.AppendAsync(data.Records!.Value, options: InOpenTransaction);
        if (result.Error == ErrorCode.InvalidTxnState) result = await BeginInLogAsync(request, context, log, data.Records.Value);
        return Answer(data.Index, result);
    }

    /// <summary>
    /// The first batch of a transaction in this log (KIP-890): written only while the coordinator says that the partition is part of the open transaction, and
    /// before that can end. So no batch slips in behind the end marker, which would hold back readers of committed records for ever.
    /// </summary>
    private async ValueTask<AppendResult> BeginInLogAsync(ProduceRequest request, RequestContext context, PartitionLog log, ReadOnlyMemory<byte> records)
    {
        if (request.TransactionalId is null || !RecordBatch.TryRead(records, out var batch, out _))
            return AppendResult.Failed(ErrorCode.InvalidTxnState, "a transactional record set needs a transactional id", log.LogStartOffset);
        var transaction = new OffsetTransaction(request.TransactionalId, batch.Header.ProducerId, batch.Header.ProducerEpoch);
        var result = default(AppendResult);
        var refused = await broker.Coordinators.Transactions.RunInTransactionAsync(transaction, log.TopicPartition, async () =>
        {
            result = await log.AppendAsync(records);
            return ErrorCode.None;
        });
        if (refused == ErrorCode.None) return result;
        refused = TransactionErrors.OfWrite(refused, context.Version >= FirstAbortableVersion);
        return AppendResult.Failed(refused, $"{log.TopicPartition} is not part of an open transaction of {transaction.TransactionalId}", log.LogStartOffset);
    }
}
