using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Millrace.Console.Backends.Kafka;

/// <summary>Kafka through librdkafka's admin client.</summary>
internal sealed class KafkaView : IKafkaView, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ConsoleOptions _options;
    private readonly Lazy<IAdminClient> _admin;
    private readonly RecordReader _reader;
    private volatile string? _lastError;

    public KafkaView(ConsoleOptions options)
    {
        _options = options;
        _reader = new RecordReader(options);
        _admin = new Lazy<IAdminClient>(() => new AdminClientBuilder(ClientConfigFor(options, "console"))
            .SetErrorHandler((_, error) => _lastError = error.Reason)
            .SetLogHandler(static (_, _) => { })
            .Build());
    }

    public void Dispose()
    {
        if (_admin.IsValueCreated) _admin.Value.Dispose();
    }

    public async Task<KafkaSnapshot> SnapshotAsync(CancellationToken cancellationToken)
    {
        try
        {
            // The only call here that blocks its thread.
            var metadata = await Task.Run(() => _admin.Value.GetMetadata(Patience), cancellationToken);
            var topics = await TopicsAsync(metadata, cancellationToken);
            var ends = topics.SelectMany(static topic => topic.Partitions.Select(partition => (Key: (topic.Name, partition.Id), partition.End)))
                .ToDictionary(static pair => pair.Key, static pair => pair.End);
            var groups = await GroupsAsync(ends, cancellationToken);
            return new KafkaSnapshot(
                [.. metadata.Brokers.OrderBy(static broker => broker.BrokerId).Select(static broker => new BrokerInfo(broker.BrokerId, broker.Host, broker.Port))], topics, groups);
        }
        catch (KafkaException e)
        {
            throw Explain(e);
        }
    }

    public async Task<IReadOnlyList<TopicConfig>> ConfigsAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _admin.Value.DescribeConfigsAsync(
                [new ConfigResource { Name = topic, Type = ResourceType.Topic }], new DescribeConfigsOptions { RequestTimeout = Patience });
            return
            [
                .. answer[0].Entries.Values.OrderBy(static entry => entry.Name, StringComparer.Ordinal)
                    .Select(static entry => new TopicConfig(entry.Name, entry.Value, entry.Source != ConfigSource.DynamicTopicConfig, entry.IsSensitive, entry.IsReadOnly)),
            ];
        }
        catch (KafkaException e)
        {
            throw Explain(e);
        }
    }

    public async Task<BrowseResult> BrowseAsync(BrowseQuery query, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(() => _reader.Browse(query, cancellationToken), cancellationToken);
        }
        catch (KafkaException e)
        {
            throw Explain(e);
        }
    }

    public IAsyncEnumerable<KafkaRecord> TailAsync(IReadOnlyList<string> topics, TailStart start, CancellationToken cancellationToken) =>
        _reader.TailAsync(topics, start, cancellationToken);

    internal static ClientConfig ClientConfigFor(ConsoleOptions options, string name)
    {
        var config = new ClientConfig(new Dictionary<string, string>(options.Kafka, StringComparer.Ordinal))
        {
            BootstrapServers = options.Bootstrap,
            ClientId = "millrace-" + name,
            // The console is watched by people: a broker that comes back should be seen within a second or two.
            ReconnectBackoffMs = 100,
            ReconnectBackoffMaxMs = 1500,
            SocketConnectionSetupTimeoutMs = 3000,
        };
        return config;
    }

    private async Task<List<TopicInfo>> TopicsAsync(Metadata metadata, CancellationToken cancellationToken)
    {
        var withLeader = metadata.Topics.Where(static topic => topic.Error.Code == ErrorCode.NoError)
            .SelectMany(static topic => topic.Partitions.Where(static partition => partition.Leader >= 0)
                .Select(partition => new TopicPartition(topic.Topic, partition.PartitionId))).ToList();
        var starts = await OffsetsAsync(withLeader, static () => OffsetSpec.Earliest());
        cancellationToken.ThrowIfCancellationRequested();
        var ends = await OffsetsAsync(withLeader, static () => OffsetSpec.Latest());
        return
        [
            .. metadata.Topics.Where(static topic => topic.Error.Code == ErrorCode.NoError).OrderBy(static topic => topic.Topic, StringComparer.Ordinal).Select(topic => new TopicInfo(
                topic.Topic,
                [
                    .. topic.Partitions.OrderBy(static partition => partition.PartitionId).Select(partition => new PartitionInfo(
                        partition.PartitionId, partition.Leader, partition.Replicas, partition.InSyncReplicas,
                        starts.GetValueOrDefault((topic.Topic, partition.PartitionId)), ends.GetValueOrDefault((topic.Topic, partition.PartitionId)))),
                ],
                null)),
        ];
    }

    private async Task<Dictionary<(string Topic, int Partition), long>> OffsetsAsync(List<TopicPartition> partitions, Func<OffsetSpec> spec)
    {
        if (partitions.Count == 0) return [];
        List<ListOffsetsResultInfo> results;
        try
        {
            var answer = await _admin.Value.ListOffsetsAsync(
                partitions.Select(partition => new TopicPartitionOffsetSpec { TopicPartition = partition, OffsetSpec = spec() }),
                new ListOffsetsOptions { RequestTimeout = Patience, IsolationLevel = IsolationLevel.ReadUncommitted });
            results = answer.ResultInfos;
        }
        catch (ListOffsetsException e)
        {
            // Some partitions have no leader just now; the others are worth showing.
            results = [.. e.Result.ResultInfos.Where(static info => !info.TopicPartitionOffsetError.Error.IsError)
                .Select(static info => new ListOffsetsResultInfo { TopicPartitionOffsetError = info.TopicPartitionOffsetError, Timestamp = info.Timestamp })];
        }

        return results.ToDictionary(
            static info => (info.TopicPartitionOffsetError.Topic, info.TopicPartitionOffsetError.Partition.Value), static info => info.TopicPartitionOffsetError.Offset.Value);
    }

    private async Task<List<GroupInfo>> GroupsAsync(Dictionary<(string Topic, int Partition), long> ends, CancellationToken cancellationToken)
    {
        var listed = await _admin.Value.ListConsumerGroupsAsync(new ListConsumerGroupsOptions { RequestTimeout = Patience });
        var ids = listed.Valid.Select(static group => group.GroupId).Distinct(StringComparer.Ordinal).ToList();
        if (ids.Count == 0) return [];
        var described = (await _admin.Value.DescribeConsumerGroupsAsync(ids, new DescribeConsumerGroupsOptions { RequestTimeout = Patience }))
            .ConsumerGroupDescriptions.Where(static group => !group.Error.IsError);
        var groups = new List<GroupInfo>(ids.Count);
        foreach (var group in described.OrderBy(static group => group.GroupId, StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var committed = await _admin.Value.ListConsumerGroupOffsetsAsync(
                [new ConsumerGroupTopicPartitions(group.GroupId, null)], new ListConsumerGroupOffsetsOptions { RequestTimeout = Patience });
            var offsets = committed[0].Partitions.Where(static offset => offset.Offset.Value >= 0 && !offset.Error.IsError)
                .Where(offset => ends.ContainsKey((offset.Topic, offset.Partition.Value)))
                .OrderBy(static offset => offset.Topic, StringComparer.Ordinal).ThenBy(static offset => offset.Partition.Value)
                .Select(offset => new GroupOffset(offset.Topic, offset.Partition.Value, offset.Offset.Value, ends[(offset.Topic, offset.Partition.Value)], LagTime.Zero));
            // Connect's workers form a group of another kind ("connect"), whose assignment is not of partitions.
            groups.Add(new GroupInfo(group.GroupId, group.State.ToString(), group.PartitionAssignor, $"{group.Coordinator?.Host}:{group.Coordinator?.Port}", [.. group.Members.Select(ToMember)], [.. offsets]));
        }

        return groups;
    }

    private static GroupMember ToMember(MemberDescription member) => new(
        member.ConsumerId, member.ClientId, member.Host.TrimStart('/'), member.GroupInstanceId,
        [
            .. member.Assignment.TopicPartitions.OrderBy(static partition => partition.Topic, StringComparer.Ordinal).ThenBy(static partition => partition.Partition.Value)
                .Select(static partition => $"{partition.Topic}-{partition.Partition.Value}"),
        ]);

    private BackendException Explain(KafkaException e)
    {
        var silent = e.Error.Code is ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_TimedOut or ErrorCode.Local_Resolve or ErrorCode.RequestTimedOut;
        var what = silent ? $"no broker answers ({_lastError ?? e.Error.Reason})." : $"refused: {e.Error.Reason}.";
        var advice = silent
            ? "Start a broker there (millrace broker), or set Bootstrap to where one runs. This page recovers by itself."
            : "Check the console's Kafka settings and its rights in the cluster.";
        return new BackendException(new BackendProblem("Kafka", _options.Bootstrap, what, advice), e);
    }
}
