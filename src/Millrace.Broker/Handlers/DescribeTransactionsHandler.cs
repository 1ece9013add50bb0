using Millrace.Broker.Network;
using Millrace.Broker.Transactions;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>DescribeTransactions 0 (KIP-664).</summary>
internal sealed class DescribeTransactionsHandler(BrokerContext broker) : RequestHandler<DescribeTransactionsRequest, DescribeTransactionsResponse>
{
    protected override ValueTask<DescribeTransactionsResponse?> HandleAsync(DescribeTransactionsRequest request, RequestContext context) => new(
        new DescribeTransactionsResponse { TransactionStates = [.. request.TransactionalIds.Select(Describe)] });

    private DescribeTransactionsResponse.TransactionStateEntry Describe(string id)
    {
        if (broker.Coordinators.Transactions.Describe(id) is not { } transaction)
        {
            return new() { TransactionalId = id, ErrorCode = ErrorCode.TransactionalIdNotFound };
        }

        return new()
        {
            TransactionalId = id,
            TransactionState = transaction.State.ToString(),
            TransactionTimeoutMs = transaction.TimeoutMs,
            TransactionStartTimeMs = transaction.State is TransactionState.Empty ? -1 : transaction.StartedUnixMs,
            ProducerId = transaction.ProducerId,
            ProducerEpoch = transaction.ProducerEpoch,
            Topics =
            [
                .. transaction.Partitions.GroupBy(static p => p.Topic, StringComparer.Ordinal).Select(static t => new DescribeTransactionsResponse.TopicData
                {
                    Topic = t.Key,
                    Partitions = [.. t.Select(static p => p.Partition).Order()],
                }),
            ],
        };
    }
}
