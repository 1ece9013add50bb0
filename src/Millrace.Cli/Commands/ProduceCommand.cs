using System.CommandLine;
using System.Text;
using Confluent.Kafka;
using Millrace.Cli.Hosting;
using Millrace.Cli.Infrastructure;

namespace Millrace.Cli.Commands;

/// <summary><c>millrace produce</c>: a record per line of standard input.</summary>
internal static class ProduceCommand
{
    public static Command Create()
    {
        var command = new Command("produce", "Write a record per line of standard input; ends when all are acknowledged by all in-sync replicas.");
        var topic = new Argument<string>("TOPIC");
        command.Arguments.Add(topic);
        var bootstrap = command.AddBootstrap();
        var separator = command.AddOption<string?>("--key-separator", "text between key and value; lines have no key unless set", null, "TEXT", static t => t);
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
            var config = new ProducerConfig { BootstrapServers = parsed.GetValue(bootstrap), EnableIdempotence = true, CompressionType = parsed.GetValue(compression), LingerMs = 5, MessageTimeoutMs = (int)parsed.GetValue(timeout).TotalMilliseconds };
            await Reachable.EnsureAsync(parsed.GetValue(bootstrap)!, TimeSpan.Zero, cancellationToken);
            Error? failed = null;
            long acknowledged = 0;
            using var producer = new ProducerBuilder<byte[]?, byte[]?>(config).SetLogHandler(static (_, _) => { }).Build();
            while (await Terminal.In.ReadLineAsync(cancellationToken) is { } line && Volatile.Read(ref failed) is null)
            {
                var message = Message(line, parsed.GetValue(separator), parsed.GetValue(tombstones)!);
                foreach (var (name, value) in parsed.GetValue(headers)!) (message.Headers ??= []).Add(name, Encoding.UTF8.GetBytes(value));
                while (!TryProduce(message)) producer.Poll(TimeSpan.FromMilliseconds(100));
            }

            while (producer.Flush(TimeSpan.FromSeconds(1)) > 0 && Volatile.Read(ref failed) is null) if (cancellationToken.IsCancellationRequested) throw new CliException($"ended by a signal after {Interlocked.Read(ref acknowledged):N0} acknowledged records; what was not acknowledged may be there or not");
            if (failed is not null) throw new CliException($"after {acknowledged:N0} acknowledged records: {failed.Reason}{(failed.Code == ErrorCode.Local_MsgTimedOut ? "; the broker's log says why it did not take them" : string.Empty)}");
            new Printer(parsed.GetValue(json)).Print(new { Topic = parsed.GetValue(topic), Acknowledged = acknowledged }, $"{acknowledged:N0} records acknowledged");
            return 0;

            bool TryProduce(Message<byte[]?, byte[]?> message)
            {
                try
                {
                    producer.Produce(parsed.GetValue(topic), message, report =>
                    {
                        if (report.Error.IsError) Interlocked.CompareExchange(ref failed, report.Error, null);
                        else Interlocked.Increment(ref acknowledged);
                    });
                    return true;
                }
                catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
                {
                    return false;
                }
            }
        });
        return command;
    }

    private static Message<byte[]?, byte[]?> Message(string line, string? separator, string nullMarker)
    {
        string? key = null;
        var value = line;
        if (separator is { Length: > 0 } && line.IndexOf(separator, StringComparison.Ordinal) is >= 0 and var at)
        {
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
