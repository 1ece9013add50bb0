using System.Collections.Immutable;
using Millrace.Broker.Log;

namespace Millrace.Broker.Transactions;

/// <summary>All that is known of a transactional id. Immutable: a transition makes a new one, which counts once it has been appended.</summary>
internal sealed record TransactionMetadata
{
    public const long NoProducerId = -1;
    public const short NoEpoch = -1;

    public required string TransactionalId { get; init; }

    public required long ProducerId { get; init; }

    /// <summary>The producer id before the last rotation; a retry may still name it.</summary>
    public long PreviousProducerId { get; init; } = NoProducerId;

    public short ProducerEpoch { get; init; } = NoEpoch;

    /// <summary>The epoch that the producer itself asked to bump (KIP-360); its retry gets the same answer again.</summary>
    public short LastProducerEpoch { get; init; } = NoEpoch;

    public required int TimeoutMs { get; init; }

    public TransactionState State { get; init; }

    public ImmutableHashSet<TopicPartition> Partitions { get; init; } = [];

    /// <summary>-1 while no transaction was begun.</summary>
    public long StartedUnixMs { get; init; } = -1;

    public long UpdatedUnixMs { get; init; }

    /// <summary>Whether the next bump needs a new producer id. One epoch stays in reserve for fencing.</summary>
    public bool IsEpochExhausted => IsExhausted(ProducerEpoch);

    public bool IsPrepared => State is TransactionState.PrepareCommit or TransactionState.PrepareAbort;

    public static bool IsExhausted(short epoch) => epoch >= short.MaxValue - 1;

    public bool HasTimedOut(long nowUnixMs) => State == TransactionState.Ongoing && nowUnixMs - StartedUnixMs >= TimeoutMs;
}
