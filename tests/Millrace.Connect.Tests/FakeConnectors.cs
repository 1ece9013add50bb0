using System.Collections.Concurrent;
using Confluent.Kafka;
using Millrace.Connect.Configuration;
using Millrace.Connect.Data;

namespace Millrace.Connect.Tests;

/// <summary>Counts up: one record for each number, its position being the number.</summary>
internal sealed class CountingSource : ISourceConnector
{
    internal static readonly IReadOnlyDictionary<string, object?> Partition = new Dictionary<string, object?> { ["source"] = "count" };

    /// <summary>Gates that hold up a task, as a worker is that gets no processor.</summary>
    internal static readonly ConcurrentDictionary<string, ManualResetEventSlim> Stalls = new(StringComparer.Ordinal);

    public string Version => "1";

    public ConfigDefinition Config { get; } = new ConfigDefinition()
        .Define(new ConfigKey("topic", ConfigType.String, "Topic.") { Required = true })
        .Define("limit", ConfigType.Long, "1000000000", "Last number.")
        .Define("fail.at", ConfigType.Long, "-1", "Throws once at this number.")
        .Define("stall", ConfigType.String, null, "Names a gate of Stalls: the second poll holds up its caller until it opens.")
        .Define("database.password", ConfigType.Password, null, "Secret.");

    public IReadOnlyList<IReadOnlyDictionary<string, string>> TaskConfigs(IReadOnlyDictionary<string, string> config, int maxTasks) => [config];

    public ISourceTask CreateTask() => new CountingTask();

    private sealed class CountingTask : ISourceTask
    {
        private static readonly HashSet<string> Failed = [];
        private long _next;
        private long _limit;
        private long _failAt;
        private string _topic = "";
        private ManualResetEventSlim? _stall;

        public async ValueTask StartAsync(SourceTaskContext context, IReadOnlyDictionary<string, string> config, CancellationToken cancellationToken)
        {
            _topic = config["topic"];
            _limit = config.GetInt64("limit", 1_000_000_000);
            _failAt = config.GetInt64("fail.at", -1);
            _stall = config.TryGetValue("stall", out var gate) ? Stalls[gate] : null;
            _next = await context.ReadOffsetAsync(Partition, cancellationToken) is { } offset ? (long)offset["n"]! + 1 : 0;
        }

        public async ValueTask<IReadOnlyList<SourceRecord>> PollAsync(CancellationToken cancellationToken)
        {
            // Before the first await: the runner sees nothing of it and cannot commit meanwhile.
            if (_next > 0) _stall?.Wait(TimeSpan.FromMinutes(3), cancellationToken);
            if (_next >= _limit) await Task.Delay(Timeout.Infinite, cancellationToken);
            await Task.Delay(1, cancellationToken);
            var records = new List<SourceRecord>();
            for (var i = 0; i < 10 && _next < _limit; i++, _next++)
            {
                if (_next == _failAt && Failed.Add(_topic)) throw new InvalidOperationException("asked to fail");
                records.Add(new SourceRecord
                {
                    Topic = _topic,
                    KeySchema = ConnectSchema.Int64,
                    Key = _next,
                    ValueSchema = ConnectSchema.Int64,
                    Value = _next,
                    SourcePartition = Partition,
                    SourceOffset = SourceOffset.Of(new Dictionary<string, object?> { ["n"] = _next }),
                });
            }

            return records;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>Keeps what it gets in memory; refuses values that ask for it.</summary>
internal sealed class CollectingSink(List<object?> seen) : ISinkConnector
{
    public string Version => "1";

    public ConfigDefinition Config { get; } = new();

    public IReadOnlyList<IReadOnlyDictionary<string, string>> TaskConfigs(IReadOnlyDictionary<string, string> config, int maxTasks) => [config];

    public ISinkTask CreateTask() => new CollectingTask(seen);

    private sealed class CollectingTask(List<object?> seen) : ISinkTask
    {
        private SinkTaskContext? _context;
        private bool _failedOnce;

        public ValueTask StartAsync(SinkTaskContext context, IReadOnlyDictionary<string, string> config, CancellationToken cancellationToken)
        {
            _context = context;
            return ValueTask.CompletedTask;
        }

        public async ValueTask PutAsync(IReadOnlyList<SinkRecord> records, CancellationToken cancellationToken)
        {
            if (records.Any(r => Equals(r.Value, "later")) && !_failedOnce)
            {
                _failedOnce = true;
                throw new RetriableException("not now");
            }

            foreach (var record in records)
            {
                if (Equals(record.Value, "bad")) await _context!.ReportAsync(record, new DataException("bad value"), cancellationToken);
                else lock (seen) seen.Add(record.Value);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
