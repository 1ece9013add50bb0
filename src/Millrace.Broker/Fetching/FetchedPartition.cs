using System.Runtime.InteropServices;
using Millrace.Broker.Log;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Fetching;

/// <summary>A partition as a request names it: by name before version 13, by the topic's id from then on.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FetchKey(string Topic, Guid TopicId, int Partition);

/// <summary>A partition that a client fetches, and what it was told of it last.</summary>
internal sealed class FetchedPartition(FetchKey key, FetchRequest.FetchPartition asked)
{
    private long _highWatermark = -1;
    private long _logStartOffset = -1;

    public FetchKey Key { get; } = key;

    /// <summary>What the client wants now.</summary>
    public FetchRequest.FetchPartition Asked { get; set; } = asked;

    /// <summary>Whether an incremental response names the partition: it has records, an error, or other offsets than the client knows.</summary>
    public bool HasNews(in LogReadResult result) =>
        result.Error != ErrorCode.None || !result.Records.IsEmpty || result.HighWatermark != _highWatermark || result.LogStartOffset != _logStartOffset;

    /// <summary>Remembers what the client is told. After an error the next response names the partition in any case.</summary>
    public void Told(FetchResponse.PartitionData answer) =>
        (_highWatermark, _logStartOffset) = (answer.ErrorCode == ErrorCode.None ? answer.HighWatermark : -1, answer.LogStartOffset);
}
