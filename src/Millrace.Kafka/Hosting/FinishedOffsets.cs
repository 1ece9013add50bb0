using Confluent.Kafka;
using Millrace.Kafka.Consuming;

namespace Millrace.Kafka.Hosting;

/// <summary>
/// Offsets that may be committed. Records of a partition are finished in order, so the last finished one stands for all before it. Used by the consumer's loop and
/// by its rebalance handlers, which never run at the same time.
/// </summary>
internal sealed class FinishedOffsets
{
    private readonly Dictionary<TopicPartition, PartitionOffset> _pending = [];

    internal bool Any => _pending.Count > 0;

    internal void Finish(in PartitionOffset next) => _pending[next.TopicPartition] = next;

    /// <summary>Takes what is to be committed, of some partitions or of all.</summary>
    internal List<PartitionOffset> Take(IReadOnlyCollection<TopicPartition>? partitions = null)
    {
        var taken = _pending.Where(p => partitions is null || partitions.Contains(p.Key)).ToList();
        foreach (var (partition, _) in taken)
            _pending.Remove(partition);
        return [.. taken.Select(static p => p.Value)];
    }

    /// <summary>Puts back what could not be committed, unless later records are finished since.</summary>
    internal void PutBack(IEnumerable<PartitionOffset> offsets)
    {
        foreach (var offset in offsets)
            _pending.TryAdd(offset.TopicPartition, offset);
    }

    internal void Forget(IEnumerable<TopicPartition> partitions)
    {
        foreach (var partition in partitions)
            _pending.Remove(partition);
    }
}
