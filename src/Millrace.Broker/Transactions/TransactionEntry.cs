using System.Diagnostics.CodeAnalysis;

namespace Millrace.Broker.Transactions;

/// <summary>The owner of one transactional id: whoever holds the turn may change it, also across awaits of the log.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore never makes a wait handle, and a late request may still hold the turn.")]
internal sealed class TransactionEntry(string transactionalId)
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    public string TransactionalId => transactionalId;

    /// <summary>Null until the first InitProducerId has been stored.</summary>
    public TransactionMetadata? Current { get; set; }

    /// <summary>Expired and removed: look again.</summary>
    public bool IsRemoved { get; set; }

    public Task EnterAsync() => _turn.WaitAsync();

    public void Exit() => _turn.Release();
}
