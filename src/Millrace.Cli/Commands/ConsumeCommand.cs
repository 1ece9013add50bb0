using System.CommandLine;
using System.Text;
using Confluent.Kafka;
using Millrace.Cli.Hosting;
using Millrace.Cli.Infrastructure;
using Millrace.Kafka.Consuming;
using Millrace.Operations.Browsing;

namespace Millrace.Cli.Commands;

/// <summary><c>millrace consume</c>: prints records.</summary>
internal static class ConsumeCommand
{
    private static readonly TimeSpan _longestEnd = TimeSpan.FromSeconds(3);

    public static Command Create()
    {
        var command = new Command("consume", "Print a topic's records: committed ones only, decoded, one per line. Commits nothing unless a group is named.");
        var topic = new Argument<string>("TOPIC");
        command.Arguments.Add(topic);
        var bootstrap = command.AddBootstrap();
        var from = command.AddOption("--from", "beginning, end, or a time (2026-01-31T12:00:00Z)", "beginning", "WHERE");
        var count = command.AddOption("--count", "end after this many records; 0 for no end", 0L, "N", static t => Numbers.Long(t, 0, long.MaxValue));
        var exit = command.AddOption("--exit", "end at the end of the topic", false);
        var group = command.AddOption<string?>("--group", "join this group and commit what was printed", null, "GROUP", static t => t);
        var uncommitted = command.AddOption("--uncommitted", "also records of open and aborted transactions", false);
        var keys = command.AddOption("--keys", "print the key and a tab before the value", false);
        var maxBytes = command.AddOption<int?>("--max-bytes", "cut keys, values and headers that are longer, and mark them; whole unless set", null, "N", static t => (int)Numbers.Long(t, 1, int.MaxValue));
        var json = command.AddOption("--json", "print a JSON object per record: partition, offset, timestamp, key, value, their formats (json, avro, text, number, hex), headers, and truncated where something was cut", false);
        command.WithExamples(
            "millrace consume cdc.transactions --from end --keys",
            "millrace consume fraud.alerts.detected.v1 --exit --json | jq .value");
        command.SetGuardedAction(async (parsed, cancellationToken) =>
        {
            var settings = new Settings(
                parsed.GetValue(bootstrap)!, parsed.GetValue(topic)!, parsed.GetValue(from)!, parsed.GetValue(count), parsed.GetValue(exit), parsed.GetValue(group),
                parsed.GetValue(uncommitted), parsed.GetValue(keys), parsed.GetValue(json), parsed.GetValue(maxBytes));
            await Reachable.EnsureAsync(settings.Bootstrap, TimeSpan.Zero, cancellationToken);
            // The reader blocks its thread while it waits for records.
            var reading = Task.Factory.StartNew(() => Read(settings, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            // It commits what it printed before it ends; a broker that does not answer is not waited for.
            if (await Task.WhenAny(reading, Foreground.UntilCancelled(cancellationToken)) != reading) await Task.WhenAny(reading, Task.Delay(_longestEnd, CancellationToken.None));
            if (!cancellationToken.IsCancellationRequested) await reading;
            return 0;
        });
        return command;
    }

    private static void Read(Settings settings, CancellationToken cancellationToken)
    {
        using var reader = KafkaRecordReader.Create(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["bootstrap.servers"] = settings.Bootstrap,
            ["group.id"] = settings.Group ?? "millrace-consume",
            ["enable.auto.commit"] = "false",
            ["auto.offset.reset"] = settings.From == "end" ? "latest" : "earliest",
            ["isolation.level"] = settings.Uncommitted ? "read_uncommitted" : "read_committed",
            ["enable.partition.eof"] = "true",
        });
        var partitions = Partitions(settings);
        if (settings.Group is null) reader.Assign(Start(reader, partitions, settings.From));
        else reader.Subscribe([settings.Topic]);
        var open = partitions.Select(static p => p.Partition.Value).ToHashSet();
        var decoder = new RecordDecoder { MaxBytes = settings.MaxBytes ?? int.MaxValue };
        long printed = 0;
        using var output = new StreamWriter(Terminal.OpenStandardOutput(), new UTF8Encoding(false), 1 << 16);
        while (!cancellationToken.IsCancellationRequested)
        {
            using var batch = reader.ReadBatch(TimeSpan.FromMilliseconds(200), settings.Count > 0 ? (int)Math.Min(10_000, settings.Count - printed) : 10_000);
            var next = new Dictionary<TopicPartition, PartitionOffset>();
            foreach (var record in batch)
            {
                Print(output, decoder.Decode(record), settings);
                next[record.TopicPartition] = record.Next;
                open.Add(record.Partition);
                printed++;
            }

            output.Flush();
            if (settings.Group is not null && next.Count > 0) reader.Commit(next.Values);
            if (settings.Count > 0 && printed >= settings.Count) return;
            foreach (var happened in batch.Events)
            {
                if (happened is PartitionEndReached end) open.Remove(end.Partition);
                else if (happened is ReaderError { IsRetriable: false } error) throw new CliException(error.Error.Reason);
            }

            if (settings.Exit && open.Count == 0) return;
        }
    }

    private static List<TopicPartition> Partitions(Settings settings)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = settings.Bootstrap }).SetLogHandler(static (_, _) => { }).Build();
        var found = admin.GetMetadata(TimeSpan.FromSeconds(15)).Topics.FirstOrDefault(t => t.Topic == settings.Topic);
        if (found is null || found.Partitions.Count == 0) throw new CliException($"there is no topic '{settings.Topic}' at {settings.Bootstrap}; 'millrace topics list' shows what there is");
        return [.. found.Partitions.Select(p => new TopicPartition(settings.Topic, p.PartitionId))];
    }

    private static IEnumerable<PartitionOffset> Start(KafkaRecordReader reader, List<TopicPartition> partitions, string from) => from switch
    {
        "beginning" => partitions.Select(static p => new PartitionOffset(p.Topic, p.Partition, Offset.Beginning)),
        "end" => partitions.Select(static p => new PartitionOffset(p.Topic, p.Partition, Offset.End)),
        _ when DateTimeOffset.TryParse(from, out var time) => reader.OffsetsForTime(partitions, time.ToUnixTimeMilliseconds(), TimeSpan.FromSeconds(15)),
        _ => throw new CliException($"--from: '{from}' is neither beginning, end nor a time"),
    };

    private static void Print(StreamWriter output, BrowsedRecord record, Settings settings)
    {
        if (!settings.Json)
        {
            if (settings.Keys) output.Write($"{Text(record.Key)}\t");
            output.WriteLine(Text(record.Value));
            return;
        }

        output.WriteLine(Printer.ToJsonLine(new
        {
            record.Partition,
            record.Offset,
            record.Timestamp,
            Key = record.Key?.Text,
            Value = record.Value?.Text,
            KeyFormat = Format(record.Key),
            ValueFormat = Format(record.Value),
            Headers = record.Headers.Select(static h => new { Name = h.Key, Value = h.Value?.Text }),
            Truncated = IsCut(record.Key) || IsCut(record.Value) || record.Headers.Any(static h => IsCut(h.Value)),
        }));
    }

    private static bool IsCut(DecodedText? decoded) => decoded is { IsTruncated: true };

    // A cut text is never taken for a whole one.
    private static string Text(DecodedText? decoded) => decoded is not { } text ? "null" : text.IsTruncated ? $"{text.Text} [cut: {text.Size} bytes]" : text.Text;

    // json, avro, text, number or hex: what is shown in hexadecimal is told from a text of such digits.
    private static string? Format(DecodedText? decoded) => decoded?.Format.ToString().ToLowerInvariant();

    private sealed record Settings(string Bootstrap, string Topic, string From, long Count, bool Exit, string? Group, bool Uncommitted, bool Keys, bool Json, int? MaxBytes);
}
