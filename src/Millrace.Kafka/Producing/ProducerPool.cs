using System.Globalization;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Kafka.Configuration;
using Millrace.Kafka.Hosting;

namespace Millrace.Kafka.Producing;

/// <summary>The process's native producer, shared by all typed producers and by dead letters; connects at the first send.</summary>
internal sealed class ProducerPool : IDisposable
{
    private readonly Lazy<IProducer<byte[], byte[]>> _plain;
    private readonly Lazy<Task<IProducer<byte[], byte[]>>> _transactional;
    private readonly ILogger<ProducerPool> _logger;

    public ProducerPool(IOptions<MillraceKafkaOptions> options, TimeProvider timeProvider, ILogger<ProducerPool> logger)
    {
        _logger = logger;
        TimeProvider = timeProvider;
        TransactionCalls = new BoundedCalls(timeProvider);
        var config = options.Value.ProducerConfig().Native;
        IsTransactional = config.ContainsKey("transactional.id");
        TransactionTimeout = TimeSpan.FromMilliseconds(int.Parse(config.GetValueOrDefault("transaction.timeout.ms", "60000"), CultureInfo.InvariantCulture));
        _plain = new Lazy<IProducer<byte[], byte[]>>(() => Build(config.Where(static c => c.Key is not ("transactional.id" or "transaction.timeout.ms"))));
        _transactional = new Lazy<Task<IProducer<byte[], byte[]>>>(async () =>
        {
            var producer = Build(config);
            await TransactionCalls.RunAsync("be ready for transactions", TimeSpan.FromSeconds(60), producer.InitTransactions);
            return producer;
        });
    }

    internal bool IsTransactional { get; }

    internal TimeProvider TimeProvider { get; }

    internal BoundedCalls TransactionCalls { get; }

    /// <summary>How long the broker keeps an open transaction.</summary>
    internal TimeSpan TransactionTimeout { get; }

    internal SemaphoreSlim TransactionTurn { get; } = new(1);

    internal IProducer<byte[], byte[]> Plain => _plain.Value;

    internal Task<IProducer<byte[], byte[]>> TransactionalAsync() => IsTransactional
        ? _transactional.Value
        : throw new InvalidOperationException("Transactions need transactional.id in Millrace:Kafka:Producer: a name that is this instance's own and stays the same after a restart.");

    public void Dispose()
    {
        if (_plain.IsValueCreated)
        {
            // Sends are awaited by their callers; this waits for those that have been given up.
            _plain.Value.Flush(TimeSpan.FromSeconds(10));
            _plain.Value.Dispose();
        }

        // Completed: this waits for nothing. A producer that was given up may not be touched any more; it ends with the process.
        if (!TransactionCalls.IsGivenUp && _transactional is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } producer })
            producer.GetAwaiter().GetResult().Dispose();
        TransactionTurn.Dispose();
    }

    private IProducer<byte[], byte[]> Build(IEnumerable<KeyValuePair<string, string>> config) =>
        new ProducerBuilder<byte[], byte[]>(config)
            .SetLogHandler((_, m) => Consuming.ReaderLog.FromLibrary(_logger, (LogLevel)m.LevelAs(LogLevelType.MicrosoftExtensionsLogging), m.Facility, m.Message))
            .SetErrorHandler((_, e) => ProducerLog.Error(_logger, e.IsFatal ? LogLevel.Critical : LogLevel.Warning, e.Code.ToString(), e.Reason))
            .Build();
}

internal static partial class ProducerLog
{
    [LoggerMessage(EventId = 3010, Message = "Producer: {Code}: {Reason}")]
    internal static partial void Error(ILogger logger, LogLevel level, string code, string reason);
}
