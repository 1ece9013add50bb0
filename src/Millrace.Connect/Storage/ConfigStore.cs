using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using Millrace.Kafka.Producing;

namespace Millrace.Connect.Storage;

/// <summary>What connect-configs holds of one connector.</summary>
internal sealed record StoredConnector(IReadOnlyDictionary<string, string> Config, string TargetState);

/// <summary>
/// Connectors' configurations in connect-configs, as Kafka Connect stores them: <c>connector-NAME</c>, <c>task-NAME-N</c>, <c>commit-NAME</c>,
/// <c>target-state-NAME</c>. Written in transactions under the id <c>connect-cluster-GROUP</c>, so that a worker that was replaced cannot write.
/// </summary>
internal sealed class ConfigStore(KafkaClients clients, ConnectWorkerOptions options) : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly BoundedCalls _calls = new(options.TimeProvider);
    private IProducer<byte[], byte[]>? _producer;

    internal async Task<Dictionary<string, StoredConnector>> OpenAsync(CancellationToken cancellationToken)
    {
        var topic = new CompactedTopic(clients, options.ConfigTopic, 1, options.ReplicationFactor);
        await topic.EnsureAsync();
        _producer = clients.Producer($"connect-cluster-{options.GroupId}");
        await CallAsync("begin to write configurations", _producer.InitTransactions);
        var records = await Task.Factory.StartNew(() => topic.ReadAll(cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var result = new Dictionary<string, StoredConnector>(StringComparer.Ordinal);
        foreach (var (key, value) in records)
        {
            if (value is null || !key.StartsWith("connector-", StringComparison.Ordinal)) continue;
            var name = key["connector-".Length..];
            if (JsonNode.Parse(value)?["properties"] is not JsonObject properties) continue;
            var state = records.GetValueOrDefault("target-state-" + name) is { } s ? JsonNode.Parse(s) : null;
            result[name] = new StoredConnector(
                properties.Where(p => p.Value is not null).ToDictionary(p => p.Key, p => p.Value!.GetValue<string>(), StringComparer.Ordinal),
                (state?["state.v2"] ?? state?["state"])?.GetValue<string>() ?? "STARTED");
        }

        return result;
    }

    internal Task PutConnectorAsync(string name, IReadOnlyDictionary<string, string> config, string? targetState) =>
        WriteAsync(targetState is null ? [("connector-" + name, Properties(config))] : [("target-state-" + name, State(targetState)), ("connector-" + name, Properties(config))]);

    internal Task PutTasksAsync(string name, IReadOnlyList<IReadOnlyDictionary<string, string>> tasks) =>
        WriteAsync([.. tasks.Select((t, i) => ($"task-{name}-{i}", (JsonObject?)Properties(t))), ("commit-" + name, new JsonObject { ["tasks"] = tasks.Count })]);

    internal Task PutTargetStateAsync(string name, string state) => WriteAsync([("target-state-" + name, State(state))]);

    /// <summary>
    /// Whether another worker of the group has taken over: it has fenced this store's producer then. Only a write can tell; a tombstone says nothing else and is compacted away.
    /// </summary>
    /// <returns>Null while Kafka does not say.</returns>
    internal async Task<bool?> IsReplacedAsync()
    {
        try
        {
            await WriteAsync([("takeover-check", null)]);
            return false;
        }
        catch (ConnectException e) when (e.InnerException is KafkaException { Error: { } error })
        {
            return error.IsFatal || error.Code is ErrorCode.ProducerFenced or ErrorCode.Local_Fenced or ErrorCode.InvalidProducerEpoch ? true : null;
        }
        catch (ConnectException)
        {
            return null;
        }
    }

    internal Task DeleteAsync(string name) => WriteAsync([("connector-" + name, null), ("target-state-" + name, null)]);

    public async ValueTask DisposeAsync()
    {
        if (_producer is not null) await _calls.DisposeAsync(_producer);
        _one.Dispose();
    }

    // Older workers know only STARTED and PAUSED, and read "state".
    private static JsonObject State(string state) => new() { ["state"] = state == "STOPPED" ? "PAUSED" : state, ["state.v2"] = state };

    private static JsonObject Properties(IReadOnlyDictionary<string, string> config) =>
        new() { ["properties"] = new JsonObject(config.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)JsonValue.Create(p.Value)))) };

    private async Task WriteAsync(IReadOnlyList<(string Key, JsonObject? Value)> records)
    {
        await _one.WaitAsync();
        try
        {
            await CallAsync($"write to {options.ConfigTopic}", timeout =>
            {
                _producer!.BeginTransaction();
                foreach (var (key, value) in records)
                    _producer.Produce(options.ConfigTopic, new() { Key = Encoding.UTF8.GetBytes(key), Value = value is null ? null! : JsonSerializer.SerializeToUtf8Bytes(value) });
                _producer.CommitTransaction(timeout);
            });
        }
        catch (KafkaException e) when (e.Error.IsFatal)
        {
            throw new ConnectException($"Another worker of the group {options.GroupId} has taken over ({e.Error.Reason}); this worker must be stopped.", e);
        }
        catch (KafkaException e)
        {
            await TryAbortAsync();
            throw new ConnectException($"The change could not be written to {options.ConfigTopic}: {e.Error.Reason}. Try again.", e);
        }
        finally
        {
            _one.Release();
        }
    }

    // A successor of the producer would fence whichever worker has taken over meanwhile: that is for the person to decide who starts a worker.
    private async Task CallAsync(string what, Action<TimeSpan> call)
    {
        try
        {
            await _calls.RunAsync(what, Timeout, call);
        }
        catch (TimeoutException e)
        {
            throw new ConnectException($"{e.Message} Restart this worker to change connectors again.", e);
        }
    }

    private async Task TryAbortAsync()
    {
        try
        {
            await _calls.RunAsync("abort a change", Timeout, _producer!.AbortTransaction);
        }
        catch (Exception e) when (e is KafkaException or TimeoutException)
        {
            // The next transaction reports the state of the producer.
        }
    }
}
