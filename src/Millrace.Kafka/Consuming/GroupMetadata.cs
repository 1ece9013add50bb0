using Millrace.Kafka.Native;
using Millrace.Kafka.Producing;

namespace Millrace.Kafka.Consuming;

/// <summary>
/// A consumer group as a transaction needs it: <see cref="TransactionOffsets.SendOffsets"/> commits offsets for it as part of the producer's
/// transaction. Taken from a reader it carries the generation and member, so that a member that has lost its partitions is refused.
/// </summary>
public sealed class GroupMetadata : IDisposable
{
    private nint _handle;

    internal GroupMetadata(nint handle)
    {
        if (handle == 0)
            throw new InvalidOperationException("The reader has no group: set group.id.");
        _handle = handle;
    }

    internal nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    /// <summary>A group without membership, for a reader that assigns partitions itself. Fencing is then the transactional id's task alone.</summary>
    /// <param name="groupId">The group.</param>
    public static GroupMetadata ForGroup(string groupId)
    {
        ArgumentException.ThrowIfNullOrEmpty(groupId);
        return new GroupMetadata(LibRdKafka.rd_kafka_consumer_group_metadata_new(groupId));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        var handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
            LibRdKafka.rd_kafka_consumer_group_metadata_destroy(handle);
    }
}
