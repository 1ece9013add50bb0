using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Confluent.Kafka;

namespace Millrace.Console.Backends.Kafka;

/// <summary>Reads records without a group: nothing that the console does moves anyone's offsets.</summary>
internal sealed class RecordReader(ConsoleOptions options)
{
    // A search through a big topic ends here rather than never; the page says so and offers to go on.
    private const long MostScanned = 200_000;
    private const int RecentPerPartition = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public BrowseResult Browse(BrowseQuery query, CancellationToken cancellationToken)
    {
        using var consumer = Build();
        var bounds = Bounds(consumer, query);
        var starts = Starts(consumer, query, bounds).Where(start => start.Offset < bounds[start.TopicPartition].High).ToList();
        if (starts.Count == 0) return new BrowseResult([], 0, true);

        consumer.Assign(starts);
        var open = starts.Select(static start => start.TopicPartition).ToHashSet();
        var found = new List<KafkaRecord>();
        var perPartition = open.ToDictionary(static partition => partition, static _ => 0);
        var scanned = 0L;
        var quietSince = Environment.TickCount64;
        while (open.Count > 0 && scanned < MostScanned)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var result = consumer.Consume(TimeSpan.FromMilliseconds(100));
            if (result is null)
            {
                if (Environment.TickCount64 - quietSince > Patience.TotalMilliseconds) break;
                continue;
            }

            quietSince = Environment.TickCount64;
            var partition = result.TopicPartition;
            if (!open.Contains(partition)) continue;
            if (result.IsPartitionEOF)
            {
                open.Remove(partition);
                continue;
            }

            scanned++;
            var record = ToRecord(result);
            if (Matches(record, query))
            {
                found.Add(record);
                perPartition[partition]++;
            }

            // "Newest" already began near the end, so it reads on to the end; the others stop when they have enough.
            if (result.Offset.Value + 1 >= bounds[partition].High || (query.From != BrowseFrom.Newest && perPartition[partition] >= query.Limit))
            {
                open.Remove(partition);
                consumer.IncrementalUnassign([partition]);
            }
        }

        var inTime = found.OrderBy(static record => record.Timestamp).ThenBy(static record => record.Partition).ThenBy(static record => record.Offset);
        var records = query.From == BrowseFrom.Newest ? inTime.TakeLast(query.Limit) : inTime.Take(query.Limit);
        return new BrowseResult([.. records], scanned, open.Count == 0);
    }

    public async IAsyncEnumerable<KafkaRecord> TailAsync(
        IReadOnlyList<string> topics, TailStart start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // When the page cannot follow, the oldest waiting records give way: a tail shows what is new.
        var channel = Channel.CreateBounded<KafkaRecord>(new BoundedChannelOptions(2000) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true, SingleWriter = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pump = Task.Factory.StartNew(() => Pump(topics, start, channel.Writer, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            await foreach (var record in channel.Reader.ReadAllAsync(cancellationToken)) yield return record;
        }
        finally
        {
            await stop.CancelAsync();
            await pump;
        }
    }

    internal static bool Matches(KafkaRecord record, BrowseQuery query) =>
        (string.IsNullOrEmpty(query.Key) || (record.Key is { } key && Text(key).Contains(query.Key, StringComparison.OrdinalIgnoreCase)))
        && (string.IsNullOrEmpty(query.Contains) || (record.Value is { } value && Text(value).Contains(query.Contains, StringComparison.OrdinalIgnoreCase)));

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    private static Dictionary<TopicPartition, WatermarkOffsets> Bounds(IConsumer<byte[], byte[]> consumer, BrowseQuery query)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var topic = admin.GetMetadata(query.Topic, Patience).Topics.Single();
        if (topic.Error.IsError) throw new KafkaException(topic.Error);
        return topic.Partitions.Where(partition => query.Partition is null || partition.PartitionId == query.Partition)
            .Select(partition => new TopicPartition(query.Topic, partition.PartitionId))
            .ToDictionary(static partition => partition, partition => consumer.QueryWatermarkOffsets(partition, Patience));
    }

    private static IEnumerable<TopicPartitionOffset> Starts(
        IConsumer<byte[], byte[]> consumer, BrowseQuery query, Dictionary<TopicPartition, WatermarkOffsets> bounds)
    {
        // A filter may skip most records, so "newest" with a filter looks further back.
        var back = string.IsNullOrEmpty(query.Key) && string.IsNullOrEmpty(query.Contains) ? query.Limit : Math.Max(query.Limit, 20_000);
        return query.From switch
        {
            BrowseFrom.Newest => bounds.Select(bound => new TopicPartitionOffset(bound.Key, Math.Max(bound.Value.Low.Value, bound.Value.High.Value - back))),
            BrowseFrom.Oldest => bounds.Select(static bound => new TopicPartitionOffset(bound.Key, bound.Value.Low)),
            BrowseFrom.Offset => bounds.Select(bound => new TopicPartitionOffset(bound.Key, Math.Max(bound.Value.Low.Value, query.Offset))),
            _ => consumer.OffsetsForTimes(bounds.Keys.Select(partition => new TopicPartitionTimestamp(partition, new Timestamp(query.Time))), Patience)
                .Where(static found => found.Offset.Value >= 0),
        };
    }

    private static KafkaRecord ToRecord(ConsumeResult<byte[], byte[]> result) => new(
        result.Topic, result.Partition.Value, result.Offset.Value,
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(result.Message.Timestamp.UnixTimestampMs, 0, 253_402_300_799_999)),
        result.Message.Key, result.Message.Value,
        [.. (result.Message.Headers ?? []).Select(static header => KeyValuePair.Create<string, byte[]?>(header.Key, header.GetValueBytes()))]);

    private void Pump(IReadOnlyList<string> topics, TailStart start, ChannelWriter<KafkaRecord> writer, CancellationToken cancellationToken)
    {
        try
        {
            using var consumer = Build();
            AssignAll(consumer, topics, start);
            var known = Environment.TickCount64;
            while (!cancellationToken.IsCancellationRequested)
            {
                var result = consumer.Consume(TimeSpan.FromMilliseconds(100));
                if (result is { IsPartitionEOF: false }) writer.TryWrite(ToRecord(result));

                // A topic that did not exist yet, or grew: look again now and then.
                if (consumer.Assignment.Count == 0 && Environment.TickCount64 - known > 2000)
                {
                    AssignAll(consumer, topics, TailStart.Recent);
                    known = Environment.TickCount64;
                }
            }

            writer.TryComplete();
        }
        catch (Exception e)
        {
            writer.TryComplete(e);
        }
    }

    private static void AssignAll(IConsumer<byte[], byte[]> consumer, IReadOnlyList<string> topics, TailStart start)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var existing = admin.GetMetadata(Patience).Topics.Where(topic => topics.Contains(topic.Topic, StringComparer.Ordinal) && !topic.Error.IsError);
        var partitions = existing.SelectMany(static topic => topic.Partitions.Select(partition => new TopicPartition(topic.Topic, partition.PartitionId)));
        consumer.Assign(partitions.Select(partition =>
        {
            var bounds = consumer.QueryWatermarkOffsets(partition, Patience);
            var first = start == TailStart.Now ? bounds.High.Value : Math.Max(bounds.Low.Value, bounds.High.Value - RecentPerPartition);
            return new TopicPartitionOffset(partition, first);
        }).ToList());
    }

    private IConsumer<byte[], byte[]> Build()
    {
        var config = new ConsumerConfig(KafkaView.ClientConfigFor(options, "console-reader"))
        {
            // librdkafka asks for a group id even when partitions are assigned by hand; nothing is ever committed to it.
            GroupId = "millrace-console",
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AllowAutoCreateTopics = false,
            FetchWaitMaxMs = 100,
        };
        return new ConsumerBuilder<byte[], byte[]>(config).SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();
    }
}
