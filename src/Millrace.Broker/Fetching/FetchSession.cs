using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Fetching;

/// <summary>
/// The partitions that a client fetches again and again (KIP-227): a request names only what has changed for the client, a response only what has changed in the log.
/// One lock per session; clients use a session from one connection, so nobody waits for it.
/// </summary>
internal sealed class FetchSession
{
    private readonly Lock _lock = new();
    private readonly LinkedList<FetchedPartition> _order = new();
    private readonly Dictionary<FetchKey, LinkedListNode<FetchedPartition>> _partitions = [];
    private readonly bool _byId;
    private int _epoch = 1;
    private long _lastUsedMs;

    public FetchSession(int id, bool byId, long nowMs, IEnumerable<FetchedPartition> partitions)
    {
        Id = id;
        CreatedMs = nowMs;
        _byId = byId;
        _lastUsedMs = nowMs;
        foreach (var partition in partitions) Set(partition);
    }

    public int Id { get; }

    public long CreatedMs { get; }

    public long LastUsedMs => Volatile.Read(ref _lastUsedMs);

    /// <summary>The number of partitions.</summary>
    public int Size { get; private set; }

    /// <summary>Takes the changes of a request, and gives all partitions in the order in which they are to be read.</summary>
    public ErrorCode TryBegin(FetchRequest request, bool byId, long nowMs, out IReadOnlyList<FetchedPartition> partitions)
    {
        partitions = [];
        lock (_lock)
        {
            if (request.SessionEpoch != _epoch) return ErrorCode.InvalidFetchSessionEpoch;
            if (byId != _byId) return ErrorCode.FetchSessionTopicIdError;
            foreach (var topic in request.Topics)
            {
                foreach (var asked in topic.Partitions) Set(new FetchedPartition(new FetchKey(topic.Topic, topic.TopicId, asked.Partition), asked));
            }

            foreach (var topic in request.ForgottenTopicsData)
            {
                foreach (var partition in topic.Partitions) Forget(new FetchKey(topic.Topic, topic.TopicId, partition));
            }

            Size = _partitions.Count;
            Volatile.Write(ref _lastUsedMs, nowMs);
            _epoch = _epoch == int.MaxValue ? 1 : _epoch + 1;
            partitions = [.. _order];
            return ErrorCode.None;
        }
    }

    /// <summary>Partitions that gave records go to the end, so that those that found no room come first the next time.</summary>
    public void End(IEnumerable<FetchedPartition> served)
    {
        lock (_lock)
        {
            foreach (var partition in served)
            {
                if (!_partitions.TryGetValue(partition.Key, out var node) || node.Value != partition) continue;
                _order.Remove(node);
                _order.AddLast(node);
            }
        }
    }

    private void Set(FetchedPartition partition)
    {
        if (_partitions.TryGetValue(partition.Key, out var known)) known.Value.Asked = partition.Asked;
        else _partitions[partition.Key] = _order.AddLast(partition);
        Size = _partitions.Count;
    }

    private void Forget(FetchKey key)
    {
        if (_partitions.Remove(key, out var node)) _order.Remove(node);
    }
}
