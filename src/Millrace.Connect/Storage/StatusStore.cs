using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Confluent.Kafka;

namespace Millrace.Connect.Storage;

/// <summary>States of connectors and tasks in connect-status, as Kafka Connect stores them. Written for others to see; this worker's own memory is the truth.</summary>
internal sealed class StatusStore(KafkaClients clients, ConnectWorkerOptions options) : IDisposable
{
    private IProducer<byte[], byte[]>? _producer;

    internal async Task OpenAsync()
    {
        await new CompactedTopic(clients, options.StatusTopic, options.StatusTopicPartitions, options.ReplicationFactor).EnsureAsync();
        _producer = clients.Producer(transactionalId: null);
    }

    internal void Connector(string name, string? state, string? trace, string workerId) => Put($"status-connector-{name}", state, trace, workerId);

    internal void Task(string name, int task, string? state, string? trace, string workerId) => Put($"status-task-{name}-{task}", state, trace, workerId);

    public void Dispose()
    {
        _producer?.Flush(TimeSpan.FromSeconds(5));
        _producer?.Dispose();
    }

    private void Put(string key, string? state, string? trace, string workerId)
    {
        var value = state is null ? null : JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["state"] = state, ["trace"] = trace, ["worker_id"] = workerId, ["generation"] = 1 });
        try
        {
            _producer?.Produce(options.StatusTopic, new() { Key = Encoding.UTF8.GetBytes(key), Value = value! });
        }
        catch (KafkaException)
        {
            // A status that cannot be published must not stop the work; REST answers from memory.
        }
    }
}
