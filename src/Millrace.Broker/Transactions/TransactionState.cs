namespace Millrace.Broker.Transactions;

/// <summary>States of a transactional id; the numbers are those in <c>__transaction_state</c>, the names those of the wire.</summary>
internal enum TransactionState
{
    /// <summary>The id is known and no transaction was begun since.</summary>
    Empty = 0,

    /// <summary>Partitions were added.</summary>
    Ongoing = 1,

    /// <summary>The commit is decided; markers are being written.</summary>
    PrepareCommit = 2,

    /// <summary>The abort is decided; markers are being written.</summary>
    PrepareAbort = 3,

    /// <summary>All commit markers are written.</summary>
    CompleteCommit = 4,

    /// <summary>All abort markers are written.</summary>
    CompleteAbort = 5,
}
