using Millrace.Broker.Sharing;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>Gathers the response to a ShareFetch: only partitions that have something to say are in it.</summary>
internal sealed class ShareFetchAnswers(int nodeId)
{
    private readonly Dictionary<(Guid TopicId, int Partition), ShareFetchResponse.PartitionData> _partitions = [];

    /// <summary>Whether the client need not wait.</summary>
    public bool HasNews => _partitions.Count > 0;

    public bool HasRecords { get; private set; }

    public ShareFetchResponse Response => new()
    {
        Responses = [.. _partitions.GroupBy(static p => p.Key.TopicId).Select(static t => new ShareFetchResponse.ShareFetchableTopicResponse { TopicId = t.Key, Partitions = [.. t.Select(static p => p.Value)] })],
    };

    public void Acknowledged(Guid topicId, int partition, ShareOutcome outcome)
    {
        var answer = Of(topicId, partition);
        (answer.AcknowledgeErrorCode, answer.AcknowledgeErrorMessage) = (outcome.Error, outcome.Message);
    }

    public void Failed(Guid topicId, int partition, ErrorCode error, string? message)
    {
        var answer = Of(topicId, partition);
        (answer.ErrorCode, answer.ErrorMessage) = (error, message);
    }

    public void Fetched(ShareKey key, ShareRead read, int batchSize)
    {
        var answer = Of(key.TopicId, key.Partition);
        answer.Records = read.Records;
        foreach (var range in read.Acquired)
        {
            // Neighbours of the same count go together, up to the size that the client would like.
            if (answer.AcquiredRecords is [.., var last] && last.LastOffset + 1 == range.First && last.DeliveryCount == range.DeliveryCount && range.Last - last.FirstOffset < batchSize) last.LastOffset = range.Last;
            else answer.AcquiredRecords.Add(new() { FirstOffset = range.First, LastOffset = range.Last, DeliveryCount = range.DeliveryCount });
        }

        HasRecords = true;
    }

    private ShareFetchResponse.PartitionData Of(Guid topicId, int partition)
    {
        if (!_partitions.TryGetValue((topicId, partition), out var answer))
            _partitions[(topicId, partition)] = answer = new() { PartitionIndex = partition, Records = ReadOnlyMemory<byte>.Empty, CurrentLeader = new() { LeaderId = nodeId } };
        return answer;
    }
}
