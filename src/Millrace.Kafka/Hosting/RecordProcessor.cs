using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.DeadLetters;
using Millrace.Kafka.Telemetry;
using Millrace.Schemas.Serialization;
using Polly;
using Polly.Retry;

namespace Millrace.Kafka.Hosting;

/// <summary>Brings records to an end: handled, or in the dead letters.</summary>
internal sealed class RecordProcessor<TKey, TValue>
{
    private readonly IServiceScopeFactory _scopes;
    private readonly Func<IServiceProvider, IReadOnlyList<ConsumedRecord<TKey, TValue>>, CancellationToken, Task> _handle;
    private readonly RecordReader<TKey, TValue> _reader;
    private readonly DeadLetterPublisher _deadLetters;
    private readonly ConsumerStatus _status;
    private readonly KafkaConsumerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _retry;

    internal RecordProcessor(
        IServiceScopeFactory scopes,
        Func<IServiceProvider, IReadOnlyList<ConsumedRecord<TKey, TValue>>, CancellationToken, Task> handle,
        RecordReader<TKey, TValue> reader,
        DeadLetterPublisher deadLetters,
        ConsumerStatus status,
        TimeProvider time,
        ILogger logger)
    {
        _scopes = scopes;
        _handle = handle;
        _reader = reader;
        _deadLetters = deadLetters;
        _status = status;
        _options = status.Options;
        _time = time;
        _logger = logger;
        _retry = CreatePipeline();
    }

    /// <summary>Processes one record. Returns when it is finished; throws only when the application stops.</summary>
    internal async Task ProcessAsync(RecordBatch batch, int index, CancellationToken cancellationToken)
    {
        _status.HandlingSince(_time.GetTimestamp());
        try
        {
            if (await TryReadAsync(batch, index, cancellationToken) is { } record && await TryHandleAsync([record], cancellationToken) is { } failure)
                await GiveUpAsync(batch, index, failure, record.Attempt, cancellationToken);
            _status.Finished++;
        }
        finally
        {
            _status.HandlingSince(0);
        }
    }

    /// <summary>Processes a batch at once; when that fails for good, record by record.</summary>
    internal async Task ProcessAllAsync(RecordBatch batch, CancellationToken cancellationToken)
    {
        _status.HandlingSince(_time.GetTimestamp());
        try
        {
            var records = new List<(int Index, ConsumedRecord<TKey, TValue> Record)>(batch.Count);
            for (var i = 0; i < batch.Count; i++)
            {
                if (await TryReadAsync(batch, i, cancellationToken) is { } record)
                    records.Add((i, record));
            }

            if (records.Count > 0 && await TryHandleAsync([.. records.Select(static r => r.Record)], cancellationToken) is { } failure)
            {
                if (records.Count == 1)
                    await GiveUpAsync(batch, records[0].Index, failure, records[0].Record.Attempt, cancellationToken);
                else
                    await ProcessSinglyAsync(batch, records, cancellationToken);
            }

            _status.Finished += batch.Count;
        }
        finally
        {
            _status.HandlingSince(0);
        }
    }

    private async Task ProcessSinglyAsync(
        RecordBatch batch, List<(int Index, ConsumedRecord<TKey, TValue> Record)> records, CancellationToken cancellationToken)
    {
        foreach (var (index, record) in records)
        {
            if (await TryHandleAsync([record], cancellationToken) is { } failure)
                await GiveUpAsync(batch, index, failure, record.Attempt, cancellationToken);
        }
    }

    private async Task<ConsumedRecord<TKey, TValue>?> TryReadAsync(RecordBatch batch, int index, CancellationToken cancellationToken)
    {
        try
        {
            return _reader.Read(batch, index);
        }
        catch (SerdeException poison)
        {
            await GiveUpAsync(batch, index, poison, attempts: 0, cancellationToken);
            return null;
        }
    }

    private async Task<Exception?> TryHandleAsync(IReadOnlyList<ConsumedRecord<TKey, TValue>> records, CancellationToken cancellationToken)
    {
        var first = records[0];
        using var activity = KafkaTelemetry.StartProcess(first.Topic, _options.GroupId, first.Trace);
        activity?.SetTag("messaging.destination.partition.id", first.Partition);
        if (records.Count == 1)
            activity?.SetTag("messaging.kafka.offset", first.Offset);
        else
            activity?.SetTag("messaging.batch.message_count", records.Count);
        var started = Stopwatch.GetTimestamp();
        try
        {
            await _retry.ExecuteAsync(
                static async (state, token) =>
                {
                    foreach (var record in state.Records)
                        record.Attempt++;
                    await using var scope = state.Self._scopes.CreateAsyncScope();
                    await state.Self._handle(scope.ServiceProvider, state.Records, token);
                },
                (Self: this, Records: records),
                cancellationToken);
            KafkaTelemetry.ProcessDone(activity, first.Topic, _options.GroupId, started, records.Count, error: null);
            return null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e)
        {
            KafkaTelemetry.ProcessDone(activity, first.Topic, _options.GroupId, started, records.Count, e);
            return e;
        }
    }

    private async Task GiveUpAsync(RecordBatch batch, int index, Exception cause, int attempts, CancellationToken cancellationToken)
    {
        await _deadLetters.PublishAsync(batch, index, new Failure(_options.GroupId, cause, attempts), _options.DeadLetterTopic, cancellationToken);
        _status.DeadLettered++;
    }

    private ResiliencePipeline CreatePipeline()
    {
        if (_options.Retry.MaxAttempts == 1)
            return ResiliencePipeline.Empty;
        var builder = new ResiliencePipelineBuilder { TimeProvider = _time };
        return builder.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = _options.Retry.MaxAttempts - 1,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = _options.Retry.Delay,
            MaxDelay = _options.Retry.MaxDelay,
            ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is { } e
                && !(e is OperationCanceledException && args.Context.CancellationToken.IsCancellationRequested)
                && _options.Retry.IsRetriable(e)),
            OnRetry = args =>
            {
                ConsumerLog.Retry(_logger, args.Outcome.Exception, _options.GroupId, args.AttemptNumber + 1, _options.Retry.MaxAttempts, args.RetryDelay);
                KafkaTelemetry.Retried(string.Join(',', _options.Topics), _options.GroupId);
                return ValueTask.CompletedTask;
            },
        }).Build();
    }
}
