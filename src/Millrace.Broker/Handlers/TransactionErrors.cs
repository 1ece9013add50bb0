using Millrace.Protocol;

namespace Millrace.Broker.Handlers;

/// <summary>How errors of transactions are called in older versions of the requests.</summary>
internal static class TransactionErrors
{
    /// <summary>KIP-588: PRODUCER_FENCED for versions that know it, the older INVALID_PRODUCER_EPOCH for the others.</summary>
    public static ErrorCode Fenced(ErrorCode error, bool known) =>
        error == ErrorCode.ProducerFenced && !known ? ErrorCode.InvalidProducerEpoch : error;

    /// <summary>What a write of records or offsets answers: always INVALID_PRODUCER_EPOCH; TRANSACTION_ABORTABLE where it is known (KIP-890).</summary>
    public static ErrorCode OfWrite(ErrorCode error, bool knowsAbortable) => error switch
    {
        ErrorCode.ProducerFenced => ErrorCode.InvalidProducerEpoch,
        ErrorCode.InvalidTxnState when knowsAbortable => ErrorCode.TransactionAbortable,
        _ => error,
    };
}
