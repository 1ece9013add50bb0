using System.Collections.Immutable;
using Millrace.Broker.Log;
using Millrace.Protocol;

namespace Millrace.Broker.Transactions;

/// <summary>The outcome of a transition: the state to append, or no change (a repeated request, or an error).</summary>
internal readonly record struct Transition(ErrorCode Error, TransactionMetadata? Next)
{
    public static Transition Fail(ErrorCode error) => new(error, null);

    public static Transition Unchanged => new(ErrorCode.None, null);

    public static Transition To(TransactionMetadata next) => new(ErrorCode.None, next);
}

/// <summary>
/// The transaction state machine (KIP-98, KIP-360) as pure functions of state, request and time. Fencing errors are ProducerFenced here; handlers turn them
/// into InvalidProducerEpoch for versions that know only that.
/// </summary>
internal static class TransactionTransitions
{
    /// <summary>
    /// InitProducerId on an id without an open transaction: a higher epoch, or a new producer id where epochs are used up. With an expected identity (KIP-360) the
    /// producer only recovers itself, and is fenced if somebody else has taken over. The allocator is asked only for such a new producer id.
    /// </summary>
    public static Transition InitProducerId(
        TransactionMetadata current, int timeoutMs, (long ProducerId, short Epoch)? expected, Func<long> newProducerId, long nowUnixMs)
    {
        if (IsFenced(current, expected)) return Transition.Fail(ErrorCode.ProducerFenced);
        if (current.IsPrepared || current.State == TransactionState.Ongoing) return Transition.Fail(ErrorCode.ConcurrentTransactions);
        var next = current with
        {
            State = TransactionState.Empty,
            Partitions = [],
            TimeoutMs = timeoutMs,
            StartedUnixMs = -1,
            UpdatedUnixMs = nowUnixMs,
        };
        // The answer to this very request got lost after a rotation or a bump: give it again.
        if (expected is { } retry && retry.Epoch != current.ProducerEpoch && IsRetry(current, retry)) return Transition.To(next);
        if (current.IsEpochExhausted)
        {
            return Transition.To(next with
            {
                ProducerId = newProducerId(),
                PreviousProducerId = current.ProducerId,
                ProducerEpoch = 0,
                LastProducerEpoch = expected is null ? TransactionMetadata.NoEpoch : current.ProducerEpoch,
            });
        }

        return Transition.To(next with
        {
            ProducerEpoch = (short)(current.ProducerEpoch + 1),
            LastProducerEpoch = expected is null ? TransactionMetadata.NoEpoch : current.ProducerEpoch,
        });
    }

    /// <summary>Whether a request with an expected identity comes from a producer that has been replaced.</summary>
    public static bool IsFenced(TransactionMetadata current, (long ProducerId, short Epoch)? expected)
    {
        if (expected is not { } claim || current.ProducerEpoch == TransactionMetadata.NoEpoch) return false;
        var isCurrent = claim.ProducerId == current.ProducerId && claim.Epoch == current.ProducerEpoch;
        return !isCurrent && !IsRetry(current, claim);
    }

    /// <summary>Fences the current producer by one epoch; that epoch is never given to a client, only used in the abort's markers.</summary>
    public static TransactionMetadata Fence(TransactionMetadata current, long nowUnixMs) => current with
    {
        ProducerEpoch = (short)Math.Min(current.ProducerEpoch + 1, short.MaxValue),
        LastProducerEpoch = TransactionMetadata.NoEpoch,
        UpdatedUnixMs = nowUnixMs,
    };

    /// <summary>AddPartitionsToTxn and AddOffsetsToTxn: begins a transaction or widens it.</summary>
    public static Transition AddPartitions(
        TransactionMetadata current, long producerId, short epoch, IReadOnlyCollection<TopicPartition> partitions, long nowUnixMs)
    {
        var error = Authenticate(current, producerId, epoch);
        if (error != ErrorCode.None) return Transition.Fail(error);
        if (current.IsPrepared) return Transition.Fail(ErrorCode.ConcurrentTransactions);
        if (current.State == TransactionState.Ongoing)
        {
            var all = current.Partitions.Union(partitions);
            return all.Count == current.Partitions.Count
                ? Transition.Unchanged
                : Transition.To(current with { Partitions = all, UpdatedUnixMs = nowUnixMs });
        }

        return Transition.To(current with
        {
            State = TransactionState.Ongoing,
            Partitions = partitions.ToImmutableHashSet(),
            StartedUnixMs = nowUnixMs,
            UpdatedUnixMs = nowUnixMs,
        });
    }

    /// <summary>EndTxn: decides the outcome. A repeated request after the end gets the same answer; the opposite one is an error.</summary>
    public static Transition End(TransactionMetadata current, long producerId, short epoch, bool commit, long nowUnixMs)
    {
        var error = Authenticate(current, producerId, epoch);
        if (error != ErrorCode.None) return Transition.Fail(error);
        return current.State switch
        {
            TransactionState.Ongoing => Transition.To(Prepare(current, commit, nowUnixMs)),
            TransactionState.CompleteCommit => commit ? Transition.Unchanged : Transition.Fail(ErrorCode.InvalidTxnState),
            TransactionState.CompleteAbort => commit ? Transition.Fail(ErrorCode.InvalidTxnState) : Transition.Unchanged,
            TransactionState.PrepareCommit => Transition.Fail(commit ? ErrorCode.ConcurrentTransactions : ErrorCode.InvalidTxnState),
            TransactionState.PrepareAbort => Transition.Fail(commit ? ErrorCode.InvalidTxnState : ErrorCode.ConcurrentTransactions),
            _ => Transition.Fail(ErrorCode.InvalidTxnState),
        };
    }

    /// <summary>The point of no return: once this is appended the outcome holds, whatever crashes.</summary>
    public static TransactionMetadata Prepare(TransactionMetadata current, bool commit, long nowUnixMs) => current with
    {
        State = commit ? TransactionState.PrepareCommit : TransactionState.PrepareAbort,
        UpdatedUnixMs = nowUnixMs,
    };

    /// <summary>All markers are written.</summary>
    public static TransactionMetadata Complete(TransactionMetadata current, long nowUnixMs) => current with
    {
        State = current.State == TransactionState.PrepareCommit ? TransactionState.CompleteCommit : TransactionState.CompleteAbort,
        Partitions = [],
        UpdatedUnixMs = nowUnixMs,
    };

    /// <summary>Whether transactional records may be written to a partition now.</summary>
    public static ErrorCode Verify(TransactionMetadata current, long producerId, short epoch, TopicPartition partition)
    {
        var error = Authenticate(current, producerId, epoch);
        if (error != ErrorCode.None) return error;
        return current.State == TransactionState.Ongoing && current.Partitions.Contains(partition) ? ErrorCode.None : ErrorCode.InvalidTxnState;
    }

    private static ErrorCode Authenticate(TransactionMetadata current, long producerId, short epoch)
    {
        if (current.ProducerId != producerId) return ErrorCode.InvalidProducerIdMapping;
        return current.ProducerEpoch == epoch ? ErrorCode.None : ErrorCode.ProducerFenced;
    }

    private static bool IsRetry(TransactionMetadata current, (long ProducerId, short Epoch) claim) =>
        current.LastProducerEpoch != TransactionMetadata.NoEpoch
        && claim.Epoch == current.LastProducerEpoch
        && (claim.ProducerId == current.ProducerId
            || (claim.ProducerId == current.PreviousProducerId && TransactionMetadata.IsExhausted(claim.Epoch)));
}
