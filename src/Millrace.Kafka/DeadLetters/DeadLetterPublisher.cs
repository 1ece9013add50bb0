using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.Naming;
using Millrace.Kafka.Producing;
using Millrace.Kafka.Telemetry;

namespace Millrace.Kafka.DeadLetters;

/// <summary>Sends a record, byte for byte, to the dead-letter topic. Does not give up before it is acknowledged, since the record's offset is committed next.</summary>
internal sealed class DeadLetterPublisher(ProducerPool pool, TimeProvider time, ILogger<DeadLetterPublisher> logger)
{
    // Enough to find the place; the whole trace of a deep stack would fill the topic.
    private const int MaxStack = 4000;
    private const int MaxMessage = 1000;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    internal async Task PublishAsync(RecordBatch batch, int index, Failure failure, string? deadLetterTopic, CancellationToken cancellationToken)
    {
        var (target, message, origin) = Prepare(batch[index], failure, deadLetterTopic);
        var pause = FirstPause;
        while (true)
        {
            try
            {
                await pool.Plain.ProduceAsync(target, message, cancellationToken);
                KafkaTelemetry.DeadLettered(origin.Topic, failure.Group, failure.Exception);
                DeadLetterLog.Published(logger, failure.Exception, origin.Topic, origin.Partition, origin.Offset, target, failure.Attempts);
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                DeadLetterLog.NotPublished(logger, e, origin.Topic, origin.Partition, origin.Offset, target, pause);
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private static (string Target, Message<byte[], byte[]> Message, PartitionOffset Origin) Prepare(KafkaRecord record, Failure failure, string? topic)
    {
        var headers = record.Headers.ToConfluent();
        Add(headers, DeadLetterHeaders.OriginalTopic, record.Topic);
        Add(headers, DeadLetterHeaders.OriginalPartition, record.Partition.ToString(CultureInfo.InvariantCulture));
        Add(headers, DeadLetterHeaders.OriginalOffset, record.Offset.ToString(CultureInfo.InvariantCulture));
        Add(headers, DeadLetterHeaders.OriginalTimestamp, record.Timestamp.ToString(CultureInfo.InvariantCulture));
        Add(headers, DeadLetterHeaders.ConsumerGroup, failure.Group);
        Add(headers, DeadLetterHeaders.ExceptionType, failure.Exception.GetType().FullName ?? failure.Exception.GetType().Name);
        Add(headers, DeadLetterHeaders.ExceptionMessage, Trim(failure.Exception.Message, MaxMessage));
        Add(headers, DeadLetterHeaders.ExceptionStack, Trim(failure.Exception.ToString(), MaxStack));
        Add(headers, DeadLetterHeaders.Attempts, failure.Attempts.ToString(CultureInfo.InvariantCulture));
        var message = new Message<byte[], byte[]>
        {
            Key = record.IsKeyNull ? null! : record.Key.ToArray(),
            Value = record.IsValueNull ? null! : record.Value.ToArray(),
            Headers = headers,
            Timestamp = record.Timestamp < 0 ? Timestamp.Default : new Timestamp(record.Timestamp, TimestampType.CreateTime),
        };
        return (topic ?? TopicName.DeadLetterOf(record.Topic), message, new PartitionOffset(record.Topic, record.Partition, record.Offset));
    }

    private static void Add(Headers headers, string name, string value)
    {
        // A record that failed before and was sent again carries old ones.
        headers.Remove(name);
        headers.Add(name, Encoding.UTF8.GetBytes(value));
    }

    private static string Trim(string text, int length) => text.Length <= length ? text : string.Concat(text.AsSpan(0, length), "…");
}

/// <summary>Why a record is given up.</summary>
internal readonly record struct Failure(string Group, Exception Exception, int Attempts);

internal static partial class DeadLetterLog
{
    [LoggerMessage(EventId = 3040, Level = LogLevel.Error, Message = "{Topic} [{Partition}] @{Offset} failed after {Attempts} attempts and is now in {DeadLetterTopic}")]
    internal static partial void Published(ILogger logger, Exception cause, string topic, int partition, long offset, string deadLetterTopic, int attempts);

    [LoggerMessage(EventId = 3041, Level = LogLevel.Error, Message = "{Topic} [{Partition}] @{Offset} cannot be written to {DeadLetterTopic}; the partition waits, next attempt in {Pause}")]
    internal static partial void NotPublished(ILogger logger, Exception error, string topic, int partition, long offset, string deadLetterTopic, TimeSpan pause);
}
