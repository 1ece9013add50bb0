using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Millrace.Connect.Configuration;
using Millrace.Kafka.Consuming;

namespace Millrace.Connect;

/// <summary>A consumed record as bytes, out of native memory: what a dead-letter topic gets.</summary>
internal sealed class RawRecord
{
    internal RawRecord(in KafkaRecord record)
    {
        Topic = record.Topic;
        Partition = record.Partition;
        Offset = record.Offset;
        Key = record.IsKeyNull ? null : record.Key.ToArray();
        Value = record.IsValueNull ? null : record.Value.ToArray();
        Headers = record.Headers.ToConfluent();
    }

    internal string Topic { get; }

    internal int Partition { get; }

    internal long Offset { get; }

    internal byte[]? Key { get; }

    internal byte[]? Value { get; }

    internal Headers Headers { get; }
}

/// <summary>Applies <c>errors.tolerance</c> and the dead-letter topic of a sink (KIP-298, KIP-610).</summary>
internal sealed class ErrantRecords(TaskIdentity identity, IReadOnlyDictionary<string, string> config, WorkerServices services, TaskMetrics metrics) : IDisposable
{
    private readonly bool _tolerant = config.GetString("errors.tolerance", "none").Equals("all", StringComparison.OrdinalIgnoreCase);
    private readonly bool _context = config.GetBoolean("errors.deadletterqueue.context.headers.enable", false);
    private readonly string _topic = config.GetString("errors.deadletterqueue.topic.name", "");
    private readonly ILogger _logger = services.LoggerFactory.CreateLogger<ErrantRecords>();
    private IProducer<byte[], byte[]>? _producer;

    internal async ValueTask HandleAsync(RawRecord record, Exception error, CancellationToken cancellationToken)
    {
        metrics.Failed();
        var where = $"{record.Topic}-{record.Partition} offset {record.Offset}";
        if (!_tolerant)
            throw new ConnectException($"Task {identity} stopped at {where}: {error.Message} Set errors.tolerance=all (and errors.deadletterqueue.topic.name) to go on without such records.", error);
        _logger.SinkRecordSkipped(error, identity.ToString(), record.Topic, record.Partition, record.Offset);
        if (_topic.Length == 0)
        {
            metrics.Skipped();
            return;
        }

        _producer ??= await OpenAsync();
        var headers = record.Headers;
        if (_context) AddContext(headers, record, error);
        await _producer.ProduceAsync(_topic, new() { Key = record.Key!, Value = record.Value!, Headers = headers }, cancellationToken);
        metrics.Skipped();
    }

    // The bytes are fetched again, as the task holds only converted values: refusals are rare, copies of every record would not be.
    internal async ValueTask ReportAsync(SinkRecord record, Exception error, CancellationToken cancellationToken) =>
        await HandleAsync(await Task.Factory.StartNew(() => Fetch(record), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default), error, cancellationToken);

    public void Dispose() => _producer?.Dispose();

    private RawRecord Fetch(SinkRecord record)
    {
        using var reader = KafkaRecordReader.Create(services.Clients.ReaderConfig($"connect-{identity.Connector}-fetch"));
        reader.Assign([new PartitionOffset(record.OriginalTopic, record.OriginalPartition, record.Offset)]);
        for (var i = 0; i < 300; i++)
        {
            using var batch = reader.ReadBatch(TimeSpan.FromMilliseconds(100), 1);
            if (batch.Count > 0 && batch[0].Offset == record.Offset) return new RawRecord(batch[0]);
        }

        throw new ConnectException($"The refused record {record.OriginalTopic}-{record.OriginalPartition} offset {record.Offset} could not be read again for the dead-letter topic.");
    }

    private async Task<IProducer<byte[], byte[]>> OpenAsync()
    {
        using var admin = services.Clients.Admin();
        try
        {
            await admin.CreateTopicsAsync([new TopicSpecification { Name = _topic, NumPartitions = 1, ReplicationFactor = (short)config.GetInt32("errors.deadletterqueue.topic.replication.factor", -1) }]);
        }
        catch (CreateTopicsException e) when (e.Results[0].Error.Code == ErrorCode.TopicAlreadyExists)
        {
            // It is there, as wanted.
        }

        return services.Clients.Producer(transactionalId: null, config.WithPrefix("producer.override."));
    }

    private void AddContext(Headers headers, RawRecord record, Exception error)
    {
        void Add(string name, string value) => headers.Add("__connect.errors." + name, Encoding.UTF8.GetBytes(value));
        Add("topic", record.Topic);
        Add("partition", record.Partition.ToString(CultureInfo.InvariantCulture));
        Add("offset", record.Offset.ToString(CultureInfo.InvariantCulture));
        Add("connector.name", identity.Connector);
        Add("task.id", identity.Task.ToString(CultureInfo.InvariantCulture));
        Add("exception.class.name", error.GetType().FullName ?? error.GetType().Name);
        Add("exception.message", error.Message);
        Add("exception.stacktrace", error.ToString());
    }
}
