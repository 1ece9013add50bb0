using System.CommandLine;
using System.Text;
using Confluent.Kafka;
using Millrace.Cli.Hosting;
using Millrace.Cli.Infrastructure;
using Millrace.Operations;
using Millrace.Operations.Topics;

namespace Millrace.Cli.Commands;

/// <summary><c>millrace produce</c>: a record per line of standard input.</summary>
internal static class ProduceCommand
{
    // librdkafka's own most.
    private const int LargestMessage = 1_000_000_000;

    public static Command Create()
    {
        var command = new Command("produce", "Write a record per line of standard input; ends when all are acknowledged by all in-sync replicas.");
        var topic = new Argument<string>("TOPIC");
        command.Arguments.Add(topic);
        var bootstrap = command.AddBootstrap();
        var separator = command.AddOption<string?>("--key-separator", "text between key and value; every line must have it; lines have no key unless set", null, "TEXT", static t => t);
        var headers = command.AddPairs("--header", "a header of every record");
        var compression = command.AddOption("--compression", "none, gzip, snappy, lz4 or zstd", CompressionType.Lz4, "CODEC", static t => Enum.Parse<CompressionType>(t, ignoreCase: true));
        var tombstones = command.AddOption("--null-marker", "a value that stands for null: a tombstone", string.Empty, "TEXT");
        var timeout = command.AddTimeout("give up on a record that is not acknowledged after this time", TimeSpan.FromSeconds(30));
        var json = command.AddJson();
        command.WithExamples(
            "echo 'hello' | millrace produce scratch",
            "printf '42:{\"amount\":1}\\n' | millrace produce payments.transactions.created.v1 --key-separator :");
        command.SetGuardedAction(async (parsed, cancellationToken) =>
        {
            var target = parsed.GetValue(topic)!;
            using var cluster = await Reachable.ConnectAsync(parsed.GetValue(bootstrap)!, cancellationToken);
            var largest = await LargestBatchAsync(cluster, target, cancellationToken);
            var config = new ProducerConfig
            {
                BootstrapServers = parsed.GetValue(bootstrap),
                EnableIdempotence = true,
                CompressionType = parsed.GetValue(compression),
                LingerMs = 5,
                MessageTimeoutMs = (int)parsed.GetValue(timeout).TotalMilliseconds,
                // Which record is too large is the topic's to say: it knows its limit, and counts compressed bytes. A batch of several keeps to it.
                MessageMaxBytes = LargestMessage,
                BatchSize = Math.Min(1_000_000, largest ?? 1_000_000),
            };
            Failure? failed = null;
            long acknowledged = 0, lines = 0, unkeyed = 0;
            using var producer = new ProducerBuilder<byte[]?, byte[]?>(config).SetLogHandler(static (_, _) => { }).Build();
            while (await Terminal.In.ReadLineAsync(cancellationToken) is { } line && Volatile.Read(ref failed) is null)
            {
                lines++;
                if (Message(line, parsed.GetValue(separator), parsed.GetValue(tombstones)!) is not { } message)
                {
                    unkeyed = lines;
                    break;
                }

                foreach (var (name, value) in parsed.GetValue(headers)!) (message.Headers ??= []).Add(name, Encoding.UTF8.GetBytes(value));
                while (!TryProduce(message, lines)) producer.Poll(TimeSpan.FromMilliseconds(100));
            }

            while (producer.Flush(TimeSpan.FromSeconds(1)) > 0 && Volatile.Read(ref failed) is null) if (cancellationToken.IsCancellationRequested) throw new CliException($"ended by a signal after {Interlocked.Read(ref acknowledged):N0} acknowledged records; what was not acknowledged may be there or not");
            // Those that went before it are still on their way.
            if (failed is { Error.Code: ErrorCode.MsgSizeTooLarge }) producer.Flush(TimeSpan.FromSeconds(5));
            if (failed is not null) throw new CliException($"after {Interlocked.Read(ref acknowledged):N0} acknowledged records: {Reason(failed, target, largest)}");
            if (unkeyed > 0) throw new CliException($"after {Interlocked.Read(ref acknowledged):N0} acknowledged records: line {unkeyed} has no '{parsed.GetValue(separator)}' (--key-separator) between key and value; it and what follows were not sent");
            new Printer(parsed.GetValue(json)).Print(new { Topic = target, Acknowledged = acknowledged }, $"{acknowledged:N0} records acknowledged");
            return 0;

            bool TryProduce(Message<byte[]?, byte[]?> message, long line)
            {
                try
                {
                    producer.Produce(target, message, report =>
                    {
                        if (report.Error.IsError) Interlocked.CompareExchange(ref failed, new Failure(report.Error, line, Size(message)), null);
                        else Interlocked.Increment(ref acknowledged);
                    });
                    return true;
                }
                catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
                {
                    return false;
                }
                catch (ProduceException<byte[]?, byte[]?> e)
                {
                    Interlocked.CompareExchange(ref failed, new Failure(e.Error, line, Size(message)), null);
                    return true;
                }
            }
        });
        return command;
    }

    private static long Size(Message<byte[]?, byte[]?> message) => (message.Key?.LongLength ?? 0) + (message.Value?.LongLength ?? 0);

    private static string Reason(Failure failure, string topic, int? largest) => failure.Error.Code switch
    {
        ErrorCode.MsgSizeTooLarge when failure.Size > LargestMessage => $"the record of line {failure.Line} has {failure.Size:N0} bytes, and the client takes at most message.max.bytes = {LargestMessage:N0}",
        ErrorCode.MsgSizeTooLarge =>
            $"the record of line {failure.Line} has {failure.Size:N0} bytes, and {topic} takes {(largest is { } limit ? $"batches of at most {limit:N0} bytes" : "no such batch")} after compression: "
            + "the topic's setting max.message.bytes, whose default is the broker's message.max.bytes. Raise it, compress better (--compression zstd), or split the record",
        ErrorCode.Local_MsgTimedOut => $"{failure.Error.Reason}; the broker's log says why it did not take them",
        _ => failure.Error.Reason,
    };

    // Null where the topic does not exist yet, or may not be described.
    private static async Task<int?> LargestBatchAsync(KafkaCluster cluster, string topic, CancellationToken cancellationToken)
    {
        try
        {
            var settings = await new TopicService(cluster).SettingsAsync(topic, cancellationToken);
            return settings.FirstOrDefault(static s => s.Name == "max.message.bytes") is { Value: { } value } && int.TryParse(value, out var bytes) && bytes > 0 ? bytes : null;
        }
        catch (Exception e) when (e is KafkaException or OperationsException)
        {
            return null;
        }
    }

    private sealed record Failure(Error Error, long Line, long Size);

    // Null where the line lacks the separator.
    private static Message<byte[]?, byte[]?>? Message(string line, string? separator, string nullMarker)
    {
        string? key = null;
        var value = line;
        if (separator is { Length: > 0 })
        {
            var at = line.IndexOf(separator, StringComparison.Ordinal);
            if (at < 0) return null;
            key = line[..at];
            value = line[(at + separator.Length)..];
        }

        return new Message<byte[]?, byte[]?>
        {
            Key = key is null ? null : Encoding.UTF8.GetBytes(key),
            Value = nullMarker.Length > 0 && value == nullMarker ? null : Encoding.UTF8.GetBytes(value),
        };
    }
}
