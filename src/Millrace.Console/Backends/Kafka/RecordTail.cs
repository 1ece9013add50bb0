using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Confluent.Kafka;

namespace Millrace.Console.Backends.Kafka;

/// <summary>Follows topics without a group: nothing that the console does moves anyone's offsets.</summary>
internal sealed class RecordTail(ConsoleOptions options)
{
    private const int RecentPerPartition = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async IAsyncEnumerable<KafkaRecord> ReadAsync(
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

    /// <summary>Whether key and value contain what the query asks for, in UTF-8, whatever the case.</summary>
    public static bool Matches(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, BrowseQuery query) => Contains(key, query.Key) && Contains(value, query.Contains);

    private static bool Contains(ReadOnlySpan<byte> bytes, string? text) =>
        string.IsNullOrEmpty(text) || Encoding.UTF8.GetString(bytes).Contains(text, StringComparison.OrdinalIgnoreCase);

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
        var config = new ConsumerConfig(KafkaView.SettingsOf(options))
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
