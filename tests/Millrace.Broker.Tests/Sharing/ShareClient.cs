using System.Text;
using Millrace.Broker.Tests.Server;
using Millrace.Protocol;
using Millrace.Protocol.Messages;
using Millrace.Protocol.Records;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Sharing;

/// <summary>A member of a share group, request by request, over a connection of its own.</summary>
internal sealed class ShareClient(WireClient wire, string group) : IAsyncDisposable
{
    public const sbyte Accept = 1;
    public const sbyte Release = 2;
    public const sbyte Reject = 3;

    private const short GroupVersion = 1;
    private const short Version = 2;

    private int _memberEpoch;
    private int _sessionEpoch;

    /// <summary>As the clients of Apache Kafka name themselves: 16 bytes in base64 for URLs.</summary>
    public string MemberId { get; } = Convert.ToBase64String(Guid.NewGuid().ToByteArray()).TrimEnd('=').Replace('+', 'A').Replace('/', 'A');

    public WireClient Wire => wire;

    /// <summary>Joins, and stays until it has partitions.</summary>
    public async Task<(Guid TopicId, List<int> Partitions)> JoinAsync(string topic)
    {
        (Guid, List<int>)? assigned = null;
        await Eventually.True(async () =>
        {
            // The first question makes the internal topic.
            var found = await wire.AskAsync(new FindCoordinatorRequest { CoordinatorKeys = [group] }, 6);
            if (found.Coordinators.Single().ErrorCode != ErrorCode.None) return false;
            var beat = await wire.AskAsync(new ShareGroupHeartbeatRequest { GroupId = group, MemberId = MemberId, MemberEpoch = _memberEpoch, SubscribedTopicNames = [topic] }, GroupVersion);
            if (beat.ErrorCode is ErrorCode.CoordinatorNotAvailable or ErrorCode.CoordinatorLoadInProgress or ErrorCode.NotCoordinator) return false;
            Assert.Equal((ErrorCode.None, null), (beat.ErrorCode, beat.ErrorMessage));
            _memberEpoch = beat.MemberEpoch;
            if (beat.Assignment?.TopicPartitions is [var only]) assigned = (only.TopicId, only.Partitions);
            return assigned is not null;
        }, "an assignment");
        return assigned!.Value;
    }

    public async Task<ErrorCode> HeartbeatAsync(int epoch) =>
        (await wire.AskAsync(new ShareGroupHeartbeatRequest { GroupId = group, MemberId = MemberId, MemberEpoch = epoch }, GroupVersion)).ErrorCode;

    /// <summary>One fetch of partition 0, with answers to earlier records.</summary>
    public async Task<ShareFetchResponse> AskAsync(Guid topicId, int maxWaitMs, params (long First, long Last, sbyte Type)[] answers)
    {
        var response = await wire.AskAsync(
            new ShareFetchRequest
            {
                GroupId = group,
                MemberId = MemberId,
                ShareSessionEpoch = _sessionEpoch,
                MaxWaitMs = maxWaitMs,
                MinBytes = 1,
                MaxBytes = 1 << 20,
                MaxRecords = 500,
                BatchSize = 500,
                Topics = [new() { TopicId = topicId, Partitions = [new() { PartitionIndex = 0, AcknowledgementBatches = [.. answers.Select(static a => new ShareFetchRequest.AcknowledgementBatch { FirstOffset = a.First, LastOffset = a.Last, AcknowledgeTypes = [a.Type] })] }] }],
            },
            Version);
        if (response.ErrorCode == ErrorCode.None) _sessionEpoch++;
        return response;
    }

    /// <summary>Fetches partition 0 until there are records: their values, and how often each was delivered.</summary>
    public async Task<List<(long Offset, string Value, int DeliveryCount)>> FetchAsync(Guid topicId)
    {
        List<(long, string, int)> records = [];
        await Eventually.True(async () =>
        {
            var response = await AskAsync(topicId, 500);
            Assert.Equal(ErrorCode.None, response.ErrorCode);
            foreach (var partition in response.Responses.SelectMany(static t => t.Partitions))
            {
                Assert.Equal((ErrorCode.None, ErrorCode.None), (partition.ErrorCode, partition.AcknowledgeErrorCode));
                records = Acquired(partition);
            }

            return records.Count > 0;
        }, "records");
        return records;
    }

    public async Task<ShareAcknowledgeResponse> AcknowledgeAsync(Guid topicId, params (long First, long Last, sbyte Type)[] answers)
    {
        var response = await wire.AskAsync(
            new ShareAcknowledgeRequest
            {
                GroupId = group,
                MemberId = MemberId,
                ShareSessionEpoch = _sessionEpoch,
                Topics = [new() { TopicId = topicId, Partitions = [new() { PartitionIndex = 0, AcknowledgementBatches = [.. answers.Select(static a => new ShareAcknowledgeRequest.AcknowledgementBatch { FirstOffset = a.First, LastOffset = a.Last, AcknowledgeTypes = [a.Type] })] }] }],
            },
            Version);
        if (response.ErrorCode == ErrorCode.None) _sessionEpoch++;
        return response;
    }

    public ValueTask DisposeAsync() => wire.DisposeAsync();

    public static List<(long Offset, string Value, int DeliveryCount)> Acquired(ShareFetchResponse.PartitionData partition)
    {
        if (partition.Records is not { Length: > 0 } bytes) return [];
        return
        [
            .. RecordBatch.ReadAll(bytes).SelectMany(static b => b.Records().ToList().Select(static r => (r.Offset, Encoding.UTF8.GetString(r.Value!.Value.Span))))
                .SelectMany(r => partition.AcquiredRecords.Where(a => a.FirstOffset <= r.Item1 && r.Item1 <= a.LastOffset).Select(a => (r.Item1, r.Item2, (int)a.DeliveryCount))),
        ];
    }
}
