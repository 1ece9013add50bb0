using System.Text.RegularExpressions;
using Millrace.Broker.Network;
using Millrace.Broker.Transactions;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>ListTransactions 0–2 (KIP-664; KIP-994 running longer than, from 1; KIP-1152 id pattern, from 2).</summary>
internal sealed class ListTransactionsHandler(BrokerContext broker) : RequestHandler<ListTransactionsRequest, ListTransactionsResponse>
{
    // The pattern comes from a client: it may not hold a thread for longer.
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);

    protected override ValueTask<ListTransactionsResponse?> HandleAsync(ListTransactionsRequest request, RequestContext context)
    {
        var response = new ListTransactionsResponse
        {
            UnknownStateFilters = [.. request.StateFilters.Where(static s => !Enum.TryParse<TransactionState>(s, out _))],
        };
        if (request.StateFilters.Count > 0 && response.UnknownStateFilters.Count == request.StateFilters.Count) return new(response);
        try
        {
            var pattern = string.IsNullOrEmpty(request.TransactionalIdPattern)
                ? null
                : new Regex($"^(?:{request.TransactionalIdPattern})$", RegexOptions.CultureInvariant, PatternTimeout);
            response.TransactionStates =
            [
                .. broker.Coordinators.Transactions.List().Where(t => Matches(request, t, pattern)).Select(static t => new ListTransactionsResponse.TransactionStateEntry
                {
                    TransactionalId = t.TransactionalId,
                    ProducerId = t.ProducerId,
                    TransactionState = t.State.ToString(),
                }),
            ];
        }
        catch (Exception exception) when (exception is ArgumentException or RegexMatchTimeoutException)
        {
            response.ErrorCode = ErrorCode.InvalidRegularExpression;
        }

        return new(response);
    }

    private bool Matches(ListTransactionsRequest request, TransactionMetadata transaction, Regex? pattern)
    {
        if (request.StateFilters.Count > 0 && !request.StateFilters.Contains(transaction.State.ToString())) return false;
        if (request.ProducerIdFilters.Count > 0 && !request.ProducerIdFilters.Contains(transaction.ProducerId)) return false;
        var open = transaction.State is TransactionState.Ongoing or TransactionState.PrepareCommit or TransactionState.PrepareAbort;
        var age = broker.Time.GetUtcNow().ToUnixTimeMilliseconds() - transaction.StartedUnixMs;
        if (request.DurationFilter >= 0 && (!open || age <= request.DurationFilter)) return false;
        return pattern is null || pattern.IsMatch(transaction.TransactionalId);
    }
}
