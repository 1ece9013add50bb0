using System.Net;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Millrace.Connect.Configuration;
using Millrace.Connect.Storage;
using Millrace.Kafka.Producing;

namespace Millrace.Connect.Rest;

/// <summary>/connectors/{name}/offsets (KIP-875).</summary>
internal static class OffsetEndpoints
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    internal static void Map(IEndpointRouteBuilder app, ConnectWorker worker)
    {
        app.MapGet("/connectors/{name}/offsets", async (HttpContext c, string name) =>
        {
            var connector = worker.Find(name);
            var offsets = connector.Kind == "source"
                ? (await worker.Services.Offsets.ReadAsync(name, c.RequestAborted)).Select(o =>
                    (JsonNode)new JsonObject { ["partition"] = OffsetStore.FromMap(o.Partition), ["offset"] = OffsetStore.FromMap(o.Offset) })
                : await SinkOffsetsAsync(worker, connector);
            await RestServer.JsonAsync(c, new JsonObject { ["offsets"] = new JsonArray([.. offsets]) });
        });
        app.MapDelete("/connectors/{name}/offsets", async (HttpContext c, string name) =>
            await RestServer.JsonAsync(c, Message(await worker.WhileStoppedAsync(name, connector => ResetAsync(worker, connector, c.RequestAborted)))));
        app.MapMethods("/connectors/{name}/offsets", ["PATCH"], async (HttpContext c, string name) =>
        {
            var body = ConnectorJson.ParseObject(await RestServer.BodyAsync(c), "request body");
            await RestServer.JsonAsync(c, Message(await worker.WhileStoppedAsync(name, connector => AlterAsync(worker, connector, body))));
        });
    }

    private static JsonObject Message(string text) => new() { ["message"] = text };

    private static async Task<string> ResetAsync(ConnectWorker worker, ConnectorInstance connector, CancellationToken cancellationToken)
    {
        if (connector.Kind == "sink")
        {
            using var admin = worker.Services.Clients.Admin();
            await admin.DeleteGroupsAsync([Group(connector)]);
            return "The offsets for this connector have been reset successfully";
        }

        var known = await worker.Services.Offsets.ReadAsync(connector.Name, cancellationToken);
        await WriteAsync(worker, connector, [.. known.Select(o => (OffsetStore.Key(connector.Name, o.Partition), (byte[]?)null))]);
        return "The Connect framework-managed offsets for this connector have been reset successfully. However, if this connector manages offsets externally, they will need to be manually reset in the system that the connector uses.";
    }

    private static async Task<string> AlterAsync(ConnectWorker worker, ConnectorInstance connector, JsonObject body)
    {
        if (connector.Kind != "source") throw new RestException(HttpStatusCode.BadRequest, "Offsets of sink connectors are altered by kafka-consumer-groups --reset-offsets, while the connector is stopped.");
        if (body["offsets"] is not JsonArray offsets || offsets.Count == 0) throw new ConfigException("Partitions / offsets need to be provided for an alter offsets request: {\"offsets\":[{\"partition\":{…},\"offset\":{…}}]}");
        var records = offsets.Select(o => o is JsonObject entry && entry["partition"] is JsonObject partition
            ? (OffsetStore.Key(connector.Name, OffsetStore.ToMap(partition)), entry["offset"] is JsonObject offset ? OffsetStore.Value(OffsetStore.ToMap(offset)) : null)
            : throw new ConfigException("Each of the offsets needs a \"partition\" and an \"offset\".")).ToList();
        await WriteAsync(worker, connector, records);
        return "The Connect framework-managed offsets for this connector have been altered successfully.";
    }

    // Written under the task's transactional id: a task that still lives somewhere is fenced by it, as KIP-875 asks.
    private static async Task WriteAsync(ConnectWorker worker, ConnectorInstance connector, List<(byte[] Key, byte[]? Value)> records)
    {
        var calls = new BoundedCalls(worker.Services.Options.TimeProvider);
        var producer = worker.Services.Clients.Producer(new TaskIdentity(connector.Name, 0).TransactionalId(worker.Services.Options));
        try
        {
            await calls.RunAsync("fence the connector's tasks", Timeout, producer.InitTransactions);
            await calls.RunAsync("write the offsets", Timeout, timeout =>
            {
                producer.BeginTransaction();
                foreach (var (key, value) in records) producer.Produce(worker.Services.Offsets.Topic, new() { Key = key, Value = value! });
                producer.CommitTransaction(timeout);
            });
        }
        catch (TimeoutException e)
        {
            throw new ConnectException($"{e.Message} Whether the offsets were written is not known: read them, and ask again.", e);
        }
        finally
        {
            await calls.DisposeAsync(producer);
        }
    }

    private static string Group(ConnectorInstance connector) => connector.Config.GetString("consumer.override.group.id", "connect-" + connector.Name);

    private static async Task<IEnumerable<JsonNode>> SinkOffsetsAsync(ConnectWorker worker, ConnectorInstance connector)
    {
        using var admin = worker.Services.Clients.Admin();
        var groups = await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(Group(connector), null)]);
        return groups[0].Partitions.Where(p => p.Offset.Value >= 0).Select(p => (JsonNode)new JsonObject
        {
            ["partition"] = new JsonObject { ["kafka_topic"] = p.Topic, ["kafka_partition"] = p.Partition.Value },
            ["offset"] = new JsonObject { ["kafka_offset"] = p.Offset.Value },
        });
    }
}
