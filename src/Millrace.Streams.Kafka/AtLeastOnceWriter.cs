using Confluent.Kafka;
using Millrace.Streams.Connectors;

namespace Millrace.Streams.Kafka;

/// <summary>Writes with an idempotent producer; a checkpoint waits until everything is acknowledged.</summary>
internal sealed class AtLeastOnceWriter<T> : ISinkWriter<T>
{
    private const int MostInFlight = 50_000;

    private readonly KafkaSink<T> _sink;
    private readonly IProducer<byte[]?, byte[]?> _producer;
    private readonly Action<DeliveryReport<byte[]?, byte[]?>> _onDelivery;
    private readonly Queue<PendingRecord> _waiting = new();
    private int _inFlight;
    private volatile Error? _failure;

    public AtLeastOnceWriter(KafkaSink<T> sink)
    {
        _sink = sink;
        _producer = KafkaMessages.Build(KafkaMessages.ProducerConfig(sink.Settings), error => _failure = error);
        _onDelivery = report =>
        {
            if (report.Error.IsError)
            {
                _failure = report.Error;
            }

            Interlocked.Decrement(ref _inFlight);
        };
    }

    public void Write(T value, long timestamp)
    {
        var record = KafkaMessages.ToPending(_sink, value, timestamp);
        if (_waiting.Count > 0 || !TryProduce(record))
        {
            _waiting.Enqueue(record);
        }
    }

    public async ValueTask PumpAsync(CancellationToken cancellationToken)
    {
        ThrowIfFailed();
        while (_waiting.TryPeek(out var record))
        {
            if (TryProduce(record))
            {
                _waiting.Dequeue();
            }
            else
            {
                await Task.Delay(2, cancellationToken);
                ThrowIfFailed();
            }
        }

        await WaitForAsync(MostInFlight, cancellationToken);
    }

    public async ValueTask PrepareCommitAsync(long checkpointId, CancellationToken cancellationToken)
    {
        await PumpAsync(cancellationToken);
        await WaitForAsync(0, cancellationToken);
    }

    public async ValueTask DisposeAsync() => await Task.Run(_producer.Dispose);

    private bool TryProduce(in PendingRecord record)
    {
        Interlocked.Increment(ref _inFlight);
        if (KafkaMessages.TryProduce(_producer, record, _onDelivery))
        {
            return true;
        }

        Interlocked.Decrement(ref _inFlight);
        return false;
    }

    private async ValueTask WaitForAsync(int atMost, CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _inFlight) > atMost)
        {
            await Task.Delay(1, cancellationToken);
            ThrowIfFailed();
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw new IOException($"Kafka sink to '{_sink.Settings.Topic}': {failure.Code}: {failure.Reason}");
        }
    }
}
