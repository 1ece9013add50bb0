using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Millrace.Kafka.Consuming;

namespace Millrace.Streams.Kafka;

/// <summary>Does with a record that cannot be deserialised what the policy says.</summary>
internal sealed class PoisonHandler(KafkaSourceSettings settings, ILogger logger) : IDisposable
{
    private static readonly TimeSpan s_deliveryTimeout = TimeSpan.FromSeconds(30);

    private IProducer<byte[]?, byte[]?>? _producer;
    private long _count;

    public void Handle(KafkaRecord record, Exception exception)
    {
        switch (settings.Poison.Action)
        {
            case PoisonAction.Fail:
                throw new InvalidDataException(
                    $"Record {record.Topic}-{record.Partition}@{record.Offset} cannot be deserialised: {exception.Message} "
                    + "Correct the deserializer, or set a PoisonPolicy that skips or dead-letters such records.", exception);
            case PoisonAction.Skip:
                KafkaStreamsLog.PoisonRecord(logger, exception, record.Topic, record.Partition, record.Offset, "it is passed over", ++_count);
                break;
            default:
                Send(record, exception, settings.Poison.DeadLetterTopic!);
                KafkaStreamsLog.PoisonRecord(
                    logger, exception, record.Topic, record.Partition, record.Offset, $"it went to {settings.Poison.DeadLetterTopic}", ++_count);
                break;
        }
    }

    public void Dispose() => _producer?.Dispose();

    // Poison is rare, so the loop waits until the record is safe: the offset behind it must not be committed before.
    private void Send(KafkaRecord record, Exception exception, string topic)
    {
        _producer ??= new ProducerBuilder<byte[]?, byte[]?>(
            new ProducerConfig(KafkaTopics.SecurityOf(settings.Properties)) { BootstrapServers = settings.BootstrapServers, EnableIdempotence = true, Acks = Acks.All })
            .SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();
        Error? failure = null;
        _producer.Produce(
            topic,
            new Message<byte[]?, byte[]?>
            {
                Key = record.IsKeyNull ? null : record.Key.ToArray(),
                Value = record.IsValueNull ? null : record.Value.ToArray(),
                Headers = new Headers
                {
                    { "millrace.source.topic", Encoding.UTF8.GetBytes(record.Topic) },
                    { "millrace.source.partition", Number(record.Partition) },
                    { "millrace.source.offset", Number(record.Offset) },
                    { "millrace.error", Encoding.UTF8.GetBytes(exception.Message) },
                },
            },
            report => failure = report.Error.IsError ? report.Error : null);
        if (_producer.Flush(s_deliveryTimeout) > 0 || failure is not null)
        {
            throw new IOException(
                $"Record {record.Topic}-{record.Partition}@{record.Offset} could not be written to the dead-letter topic '{topic}': {failure?.Reason ?? "the broker does not answer"}.");
        }
    }

    private static byte[] Number(long value) => Encoding.UTF8.GetBytes(value.ToString(CultureInfo.InvariantCulture));
}
