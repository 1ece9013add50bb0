using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Millrace.Connect.Storage;

namespace Millrace.Connect.Rest;

/// <summary>/ and /connectors.</summary>
internal static class ConnectorEndpoints
{
    internal static void Map(IEndpointRouteBuilder app, ConnectWorker worker)
    {
        app.MapGet("/", async (HttpContext c) =>
            await RestServer.JsonAsync(c, new JsonObject { ["version"] = Version, ["commit"] = "millrace", ["kafka_cluster_id"] = await ClusterIdAsync(worker) }));
        app.MapGet("/health", (HttpContext c) => RestServer.JsonAsync(c, new JsonObject { ["status"] = "healthy", ["message"] = "Worker has completed startup and is ready to handle requests." }));
        app.MapGet("/connectors", (HttpContext c) => RestServer.JsonAsync(c, List(worker, c.Request.Query["expand"])));
        app.MapPost("/connectors", async (HttpContext c) =>
        {
            var (name, config, state) = ConnectorJson.Parse(await RestServer.BodyAsync(c), "request body");
            await worker.PutAsync(name, config, state, onlyNew: true, c.RequestAborted);
            c.Response.Headers.Location = $"/connectors/{Uri.EscapeDataString(name)}";
            await RestServer.JsonAsync(c, Info(worker.Find(name)), HttpStatusCode.Created);
        });
        app.MapGet("/connectors/{name}", (HttpContext c, string name) => RestServer.JsonAsync(c, Info(worker.Find(name))));
        app.MapDelete("/connectors/{name}", async (HttpContext c, string name) =>
        {
            await worker.DeleteAsync(name);
            RestServer.Empty(c, HttpStatusCode.NoContent);
        });
        app.MapGet("/connectors/{name}/config", (HttpContext c, string name) => RestServer.JsonAsync(c, Config(worker.Find(name).Config)));
        app.MapPut("/connectors/{name}/config", async (HttpContext c, string name) =>
            await PutAsync(c, worker, name, ConnectorJson.ParseConfig(await RestServer.BodyAsync(c), "request body")));
        app.MapMethods("/connectors/{name}/config", ["PATCH"], async (HttpContext c, string name) =>
        {
            var merged = new Dictionary<string, string>(worker.Find(name).Config, StringComparer.Ordinal);
            foreach (var (key, value) in ConnectorJson.ParseObject(await RestServer.BodyAsync(c), "request body"))
            {
                if (value is null) merged.Remove(key);
                else merged[key] = value is JsonValue v && v.TryGetValue<string>(out var text) ? text : value.ToJsonString();
            }

            await PutAsync(c, worker, name, merged);
        });
        app.MapGet("/connectors/{name}/status", (HttpContext c, string name) => RestServer.JsonAsync(c, Status(worker, worker.Find(name))));
        app.MapGet("/connectors/{name}/metrics", (HttpContext c, string name) => RestServer.JsonAsync(c, Metrics(worker.Find(name))));
        app.MapGet("/connectors/{name}/topics", (HttpContext c, string name) => RestServer.JsonAsync(c, new JsonObject
        {
            // KIP-558: the topics that its tasks have used since they were made.
            [name] = new JsonObject
            {
                ["topics"] = new JsonArray([.. worker.Find(name).Tasks.SelectMany(static t => t.Metrics.Topics).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(static t => (JsonNode)t)]),
            },
        }));
        app.MapGet("/connectors/{name}/tasks", (HttpContext c, string name) => RestServer.JsonAsync(c, new JsonArray([.. worker.Find(name).Tasks.Select(t =>
            (JsonNode)new JsonObject { ["id"] = Id(t), ["config"] = Config(Hidden(t.Config)) })])));
        app.MapGet("/connectors/{name}/tasks/{task:int}/status", (HttpContext c, string name, int task) => RestServer.JsonAsync(c, TaskStatus(worker, Task(worker, name, task))));
        app.MapPost("/connectors/{name}/tasks/{task:int}/restart", async (HttpContext c, string name, int task) =>
        {
            await worker.RestartTaskAsync(name, task);
            RestServer.Empty(c, HttpStatusCode.NoContent);
        });
        app.MapPost("/connectors/{name}/restart", async (HttpContext c, string name) =>
        {
            var includeTasks = Flag(c, "includeTasks");
            var onlyFailed = Flag(c, "onlyFailed");
            await worker.RestartAsync(name, onlyFailed, includeTasks);
            if (includeTasks || onlyFailed) await RestServer.JsonAsync(c, Status(worker, worker.Find(name)), HttpStatusCode.Accepted);
            else RestServer.Empty(c, HttpStatusCode.NoContent);
        });
        foreach (var (verb, state) in ((string, string)[])[("pause", "PAUSED"), ("resume", "STARTED"), ("stop", "STOPPED")])
        {
            app.MapPut("/connectors/{name}/" + verb, async (HttpContext c, string name) =>
            {
                await worker.SetTargetStateAsync(name, state);
                RestServer.Empty(c, state == "STOPPED" ? HttpStatusCode.NoContent : HttpStatusCode.Accepted);
            });
        }
    }

    internal static string Version { get; } = typeof(ConnectWorker).Assembly.GetName().Version!.ToString(3);

    internal static JsonObject Config(IReadOnlyDictionary<string, string> config) => new(config.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)JsonValue.Create(p.Value))));

    private static Dictionary<string, string> Hidden(IReadOnlyDictionary<string, string> config) =>
        config.ToDictionary(p => p.Key, p => ConfigSubstitution.IsSecret(p.Key) ? "[hidden]" : p.Value, StringComparer.Ordinal);

    private static async Task PutAsync(HttpContext context, ConnectWorker worker, string name, IReadOnlyDictionary<string, string> config)
    {
        var created = await worker.PutAsync(name, config, null, onlyNew: false, context.RequestAborted);
        await RestServer.JsonAsync(context, Info(worker.Find(name)), created ? HttpStatusCode.Created : HttpStatusCode.OK);
    }

    private static JsonNode List(ConnectWorker worker, Microsoft.Extensions.Primitives.StringValues expand)
    {
        if (expand.Count == 0) return new JsonArray([.. worker.Connectors.Select(c => (JsonNode)JsonValue.Create(c.Name))]);
        var result = new JsonObject();
        foreach (var connector in worker.Connectors)
        {
            var entry = new JsonObject();
            foreach (var what in expand)
            {
                entry[what!] = what switch
                {
                    "status" => Status(worker, connector),
                    "info" => Info(connector),
                    "metrics" => Metrics(connector),
                    _ => throw new RestException(HttpStatusCode.BadRequest, $"expand={what} is not known; use status, info or metrics."),
                };
            }

            result[connector.Name] = entry;
        }

        return result;
    }

    private static JsonObject Info(ConnectorInstance connector) => new()
    {
        ["name"] = connector.Name,
        ["config"] = Config(connector.Config),
        ["tasks"] = new JsonArray([.. connector.Tasks.Select(t => (JsonNode)Id(t))]),
        ["type"] = connector.Kind,
    };

    private static JsonObject Id(TaskInstance task) => new() { ["connector"] = task.Identity.Connector, ["task"] = task.Identity.Task };

    private static JsonObject Status(ConnectWorker worker, ConnectorInstance connector)
    {
        var own = new JsonObject { ["state"] = connector.State, ["worker_id"] = worker.WorkerId };
        if (connector.Trace is not null) own["trace"] = connector.Trace;
        return new() { ["name"] = connector.Name, ["connector"] = own, ["tasks"] = new JsonArray([.. connector.Tasks.Select(t => (JsonNode)TaskStatus(worker, t))]), ["type"] = connector.Kind };
    }

    private static JsonObject TaskStatus(ConnectWorker worker, TaskInstance task)
    {
        var result = new JsonObject { ["id"] = task.Identity.Task, ["state"] = task.State, ["worker_id"] = worker.WorkerId };
        if (task.Trace is not null) result["trace"] = task.Trace;
        return result;
    }

    private static JsonObject Metrics(ConnectorInstance connector) => new()
    {
        ["name"] = connector.Name,
        ["type"] = connector.Kind,
        ["tasks"] = new JsonArray([.. connector.Tasks.Select(t =>
        {
            var metrics = OffsetStore.FromMap(t.Metrics.Read());
            metrics["id"] = t.Identity.Task;
            metrics["state"] = t.State;
            metrics["restarts"] = t.Restarts;
            return (JsonNode)metrics;
        })]),
    };

    private static TaskInstance Task(ConnectWorker worker, string name, int task) =>
        worker.Find(name).Tasks.ElementAtOrDefault(task) ?? throw new RestException(HttpStatusCode.NotFound, $"No status found for task {name}-{task}");

    private static bool Flag(HttpContext context, string name) => bool.TryParse(context.Request.Query[name], out var value) && value;

    private static async Task<string?> ClusterIdAsync(ConnectWorker worker)
    {
        using var admin = worker.Services.Clients.Admin();
        return (await Confluent.Kafka.IAdminClientExtensions.DescribeClusterAsync(admin)).ClusterId;
    }
}
