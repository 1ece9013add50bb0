using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Millrace.Connect.Configuration;
using Millrace.Connect.Storage;
using Millrace.Kafka.Producing;

namespace Millrace.Connect;

/// <summary>
/// Runs a source task once, from fencing its predecessor to its end. Records and position are written in one Kafka transaction (KIP-618), which
/// is committed as soon as the source has nothing more at hand, so that a record waits for company only while there is company.
/// </summary>
internal sealed class SourceTaskRunner(
    TaskIdentity identity, ISourceConnector connector, IReadOnlyDictionary<string, string> config, WorkerServices services, TaskMetrics metrics, Action running)
{
    private static readonly TimeSpan KafkaTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private readonly SourceTopics _topics = new(services.Clients, config);
    private readonly RecordPipeline _pipeline = new(config, services.Options, services.Plugins);
    private readonly bool _tolerant = config.GetString("errors.tolerance", "none").Equals("all", StringComparison.OrdinalIgnoreCase);
    private readonly bool _logErrors = config.GetBoolean("errors.log.enable", false);
    private readonly ILogger _logger = services.LoggerFactory.CreateLogger<SourceTaskRunner>();

    // The last position of each source partition in the open transaction; nearly always one.
    private readonly Dictionary<IReadOnlyDictionary<string, object?>, SourceOffset> _pending = new(ReferenceEqualityComparer.Instance);
    private readonly BoundedCalls _calls = new(services.Options.TimeProvider);
    private IProducer<byte[], byte[]>? _producer;
    private bool _open;
    private int _records;
    private long _opened;

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        _producer = services.Clients.Producer(identity.TransactionalId(services.Options), config.WithPrefix("producer.override."));
        try
        {
            // Ends what a predecessor left open, and locks it out: from here on this task alone writes for this connector's position.
            await _calls.RunAsync("be ready for transactions", KafkaTimeout, _producer.InitTransactions);
            cancellationToken.ThrowIfCancellationRequested();
            await using var task = connector.CreateTask();
            metrics.Extra = () => task.Metrics;
            await task.StartAsync(new Context(identity, services), config, cancellationToken);
            running();
            await PumpAsync(task, cancellationToken);
        }
        catch (KafkaException e)
        {
            if (IsFenced(e) || await IsFencedAsync()) throw await FencedAsync(e, cancellationToken);
            throw new ConnectException($"Kafka refused the transaction of task {identity}: {e.Error.Reason.TrimEnd('.')}. {Advice(e.Error.Code)}Nothing was lost: the task resumes after the last commit.", e);
        }
        catch (TimeoutException e)
        {
            throw new ConnectException($"Task {identity}: {e.Message} Nothing was lost: the task resumes after the last commit.", e);
        }
        catch (ConnectException e) when (e.InnerException is KafkaException)
        {
            if (await IsFencedAsync()) throw await FencedAsync(e, cancellationToken);
            throw;
        }
        finally
        {
            await CloseProducerAsync();
        }
    }

    /// <summary>
    /// To its producer a successor looks like the broker that ends a transaction which was open for too long, because this process or the broker was held up: both raise
    /// the producer's epoch. A successor has fenced the writer of the configurations as well, the broker has not.
    /// </summary>
    private async Task<ConnectException> FencedAsync(Exception e, CancellationToken cancellationToken)
    {
        while (true)
        {
            switch (await services.Configs.IsReplacedAsync().WaitAsync(cancellationToken))
            {
                case true:
                    return new TaskFencedException($"Another worker runs task {identity} now (its producer has fenced this one). Stop one of the two workers.", e);
                case false:
                    return new ConnectException(
                        $"The broker has ended the transaction of task {identity}: it was open for longer than transaction.timeout.ms, so this worker or the broker was held up. "
                        + "Nothing was lost: the task resumes after the last commit.", e);
                default:
                    await Task.Delay(AskAgain, services.Options.TimeProvider, cancellationToken);
                    break;
            }
        }
    }

    /// <summary>
    /// While a successor takes over, the first refusal may be any that a transaction knows; the answer to the abort is not ambiguous. Taken for a passing failure it
    /// would restart the task, which would fence the successor in turn.
    /// </summary>
    private async Task<bool> IsFencedAsync()
    {
        if (!_open || _calls.IsGivenUp) return false;
        try
        {
            await _calls.RunAsync("abort the transaction", TimeSpan.FromSeconds(5), _producer!.AbortTransaction);
            _open = false;
            return false;
        }
        catch (KafkaException e)
        {
            return IsFenced(e);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task PumpAsync(ISourceTask task, CancellationToken cancellationToken)
    {
        var linger = config.TryGetValue("transaction.boundary.interval.ms", out _)
            ? TimeSpan.FromMilliseconds(config.GetInt64("transaction.boundary.interval.ms", 100)) : services.Options.TransactionMaxLinger;
        while (true)
        {
            var poll = task.PollAsync(cancellationToken);
            if (!poll.IsCompleted && _open) await CommitAsync(task, cancellationToken);
            var records = await poll;
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var record in records) await SendAsync(record);
            if (_open && (_records >= services.Options.TransactionMaxRecords || services.Options.TimeProvider.GetElapsedTime(_opened) >= linger))
                await CommitAsync(task, cancellationToken);
        }
    }

    private async ValueTask SendAsync(SourceRecord source)
    {
        if (!_open)
        {
            _producer!.BeginTransaction();
            _open = true;
            _opened = services.Options.TimeProvider.GetTimestamp();
        }

        _pending[source.SourcePartition] = source.SourceOffset;
        if (source.IsOffsetOnly || Convert(source) is not { } converted) return;
        await _topics.EnsureAsync(converted.Topic);
        metrics.Saw(converted.Topic);
        await ProduceAsync(new TopicPartition(converted.Topic, converted.Partition is { } p ? new Partition(p) : Partition.Any), converted.Message);
        _records++;
    }

    private (string Topic, int? Partition, Message<byte[], byte[]> Message)? Convert(SourceRecord source)
    {
        try
        {
            return _pipeline.Transform(source) is { } record ? (record.Topic, record.Partition, _pipeline.ToMessage(record)) : null;
        }
        catch (Exception e) when (_tolerant)
        {
            metrics.Skipped();
            if (_logErrors) _logger.RecordSkipped(e, identity.ToString(), source.Topic);
            return null;
        }
    }

    private async ValueTask ProduceAsync(TopicPartition to, Message<byte[], byte[]> message)
    {
        while (true)
        {
            try
            {
                _producer!.Produce(to, message);
                return;
            }
            catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                // The broker is slower than the source: wait for the background thread to make room.
                await Task.Delay(TimeSpan.FromMilliseconds(5), services.Options.TimeProvider);
            }
            catch (ProduceException<byte[], byte[]> e) when (!IsFenced(e))
            {
                throw new ConnectException($"A record for topic {to.Topic} was refused: {e.Error.Reason.TrimEnd('.')}. {Advice(e.Error.Code)}", e);
            }
        }
    }

    private async Task CommitAsync(ISourceTask task, CancellationToken cancellationToken)
    {
        foreach (var (partition, offset) in _pending)
        {
            var message = new Message<byte[], byte[]> { Key = OffsetStore.Key(identity.Connector, partition), Value = OffsetStore.Value(offset.ToMap()) };
            await ProduceAsync(new TopicPartition(services.Offsets.Topic, Partition.Any), message);
        }

        await _calls.RunAsync("commit the transaction", KafkaTimeout, _producer!.CommitTransaction);
        _open = false;
        metrics.Committed(_records);
        _records = 0;
        foreach (var (partition, offset) in _pending) await task.CommitAsync(partition, offset, cancellationToken);
        _pending.Clear();
    }

    private static string Advice(ErrorCode code) => code == ErrorCode.MsgSizeTooLarge
        ? "Raise the topic's max.message.bytes (topic.creation.default.max.message.bytes for topics to come) and, above 128 MiB, producer.override.max.request.size. "
        : "";

    // Whichever call comes first after the fencing learns of it, Produce included.
    private static bool IsFenced(KafkaException e) => e.Error.Code is ErrorCode.ProducerFenced or ErrorCode.Local_Fenced or ErrorCode.InvalidProducerEpoch;

    private async Task CloseProducerAsync()
    {
        try
        {
            if (_open && !_calls.IsGivenUp) await _calls.RunAsync("abort the transaction", TimeSpan.FromSeconds(5), _producer!.AbortTransaction);
        }
        catch (Exception e) when (e is KafkaException or TimeoutException)
        {
            // The broker aborts it: at the latest when our successor fences this producer.
        }

        await _calls.DisposeAsync(_producer!);
    }

    private sealed class Context(TaskIdentity identity, WorkerServices services) : SourceTaskContext
    {
        public override string ConnectorName => identity.Connector;

        public override int TaskId => identity.Task;

        public override ILoggerFactory LoggerFactory => services.LoggerFactory;

        public override TimeProvider TimeProvider => services.Options.TimeProvider;

        public override async ValueTask<IReadOnlyDictionary<string, object?>?> ReadOffsetAsync(IReadOnlyDictionary<string, object?> partition, CancellationToken cancellationToken) =>
            (await services.Offsets.ReadAsync(identity.Connector, cancellationToken)).LastOrDefault(o => OffsetStore.SamePartition(o.Partition, partition)).Offset;
    }
}
