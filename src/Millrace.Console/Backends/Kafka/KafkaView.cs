using Confluent.Kafka;
using Millrace.Kafka.Configuration;
using Millrace.Operations;
using Millrace.Operations.Browsing;
using Millrace.Operations.Groups;
using Millrace.Operations.Overview;
using Millrace.Operations.Topics;

namespace Millrace.Console.Backends.Kafka;

/// <summary>Kafka through Millrace.Operations, as the command line sees it too.</summary>
internal sealed class KafkaView : IKafkaView, IDisposable
{
    // A search through a big topic ends here rather than never; the page says so and offers to go on.
    private const long MostScanned = 200_000;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private readonly ConsoleOptions _options;
    private readonly KafkaCluster _cluster;
    private readonly RecordTail _tail;

    public KafkaView(ConsoleOptions options)
    {
        _options = options;
        _cluster = new KafkaCluster(KafkaClientConfig.From(SettingsOf(options), nameof(ConsoleOptions.Kafka), KafkaClientRole.Admin)) { Timeout = _patience };
        _tail = new RecordTail(options);
    }

    public void Dispose() => _cluster.Dispose();

    public Task<KafkaSnapshot> SnapshotAsync(CancellationToken cancellationToken) => AskAsync(async () =>
    {
        var seen = await new ClusterService(_cluster).SnapshotAsync(cancellationToken);
        return new KafkaSnapshot(
            [.. seen.Brokers.Select(static broker => new BrokerInfo(broker.Id, broker.Host, broker.Port))],
            [.. seen.Topics.Select(static topic => new TopicInfo(topic.Name, [.. topic.Partitions.Select(ToPartition)], null))],
            [.. seen.Groups.Select(ToGroup)]);
    });

    public Task<SizesOnDisk> SizesAsync(CancellationToken cancellationToken) => AskAsync(() => new TopicSizes(_cluster).ReadAsync(cancellationToken));

    public Task<IReadOnlyDictionary<OffsetRange, long>> CountAsync(IReadOnlyCollection<OffsetRange> ranges, CancellationToken cancellationToken) =>
        AskAsync(() => new OffsetCensus(_cluster).CountAsync(ranges, _patience, cancellationToken));

    public Task<IReadOnlyList<TopicSetting>> SettingsAsync(string topic, CancellationToken cancellationToken) =>
        AskAsync(() => new TopicService(_cluster).SettingsAsync(topic, cancellationToken));

    public Task<BrowseResult> BrowseAsync(BrowseQuery query, CancellationToken cancellationToken) => AskAsync(async () =>
    {
        var asked = new Operations.Browsing.BrowseQuery(query.Topic)
        {
            Partition = query.Partition,
            Start = query.From switch
            {
                BrowseFrom.Newest => new BrowseStart.Last(),
                BrowseFrom.Oldest => new BrowseStart.Earliest(),
                BrowseFrom.Offset => new BrowseStart.AtOffset(query.Offset),
                _ => new BrowseStart.AtTime(query.Time),
            },
            OnlyCommitted = true,
            Limit = query.Limit,
            ScanLimit = MostScanned,
        };
        var found = await new RecordBrowser(_cluster).FindAsync(asked, query.HasFilter ? record => RecordTail.Matches(record.Key, record.Value, query) : null, static record => ToRecord(record), cancellationToken);
        return new BrowseResult(found.Records, found.Scanned, found.ReachedEnd || found.Records.Count >= query.Limit);
    });

    public IAsyncEnumerable<KafkaRecord> TailAsync(IReadOnlyList<string> topics, TailStart start, CancellationToken cancellationToken) =>
        _tail.ReadAsync(topics, start, cancellationToken);

    /// <summary>The options' own keys win over the console's.</summary>
    internal static Dictionary<string, string> SettingsOf(ConsoleOptions options)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["client.id"] = "millrace-console",
            // The console is watched by people: a broker that comes back should be seen within a second or two.
            ["reconnect.backoff.ms"] = "100",
            ["reconnect.backoff.max.ms"] = "1500",
            ["socket.connection.setup.timeout.ms"] = "3000",
        };
        foreach (var (key, value) in options.Kafka) settings[key] = value;
        settings["bootstrap.servers"] = options.Bootstrap;
        return settings;
    }

    private static PartitionInfo ToPartition(Operations.Topics.PartitionInfo partition) =>
        new(partition.Partition, partition.Leader ?? -1, partition.Replicas, partition.InSyncReplicas, partition.FirstOffset, partition.NextOffset);

    // A partition of which nothing is committed has no place to be behind.
    private static GroupInfo ToGroup(GroupDetails group) => new(
        group.Id, group.State, group.Assignor, group.Coordinator ?? "–",
        [
            .. group.Members.Select(static member => new GroupMember(
                member.MemberId, member.ClientId, member.Host.TrimStart('/'), member.InstanceId,
                [.. member.Partitions.OrderBy(static partition => partition.Topic, StringComparer.Ordinal).ThenBy(static partition => partition.Partition.Value).Select(static partition => $"{partition.Topic}-{partition.Partition.Value}")])),
        ],
        [
            .. group.Partitions.Where(static lag => lag.Committed is not null)
                .Select(static lag => new GroupOffset(lag.Topic, lag.Partition, lag.Committed!.Value, lag.NextOffset, LagTime.Zero) { Start = lag.FirstOffset }),
        ]);

    private static KafkaRecord ToRecord(Millrace.Kafka.Consuming.KafkaRecord record)
    {
        var headers = record.Headers;
        var copied = new KeyValuePair<string, byte[]?>[headers.Count];
        for (var i = 0; i < copied.Length; i++)
        {
            var header = headers[i];
            copied[i] = new(System.Text.Encoding.UTF8.GetString(header.Name), header.IsValueNull ? null : header.Value.ToArray());
        }

        return new KafkaRecord(
            record.Topic, record.Partition, record.Offset, DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(record.Timestamp, 0, 253_402_300_799_999)),
            record.IsKeyNull ? null : record.Key.ToArray(), record.IsValueNull ? null : record.Value.ToArray(), copied);
    }

    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (OperationsException e)
        {
            throw new BackendException(new BackendProblem("Kafka", _options.Bootstrap, e.Message, ""), e);
        }
        catch (KafkaException e)
        {
            throw Explain(e);
        }
    }

    private BackendException Explain(KafkaException e)
    {
        var silent = e.Error.Code is ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_TimedOut or ErrorCode.Local_Resolve or ErrorCode.RequestTimedOut;
        var what = silent ? $"no broker answers ({_cluster.LastError ?? e.Error.Reason})." : $"refused: {e.Error.Reason}.";
        var advice = silent
            ? "Start a broker there (millrace broker), or set Bootstrap to where one runs. This page recovers by itself."
            : "Check the console's Kafka settings and its rights in the cluster.";
        return new BackendException(new BackendProblem("Kafka", _options.Bootstrap, what, advice), e);
    }
}
