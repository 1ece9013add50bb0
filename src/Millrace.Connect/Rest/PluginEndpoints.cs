using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Millrace.Connect.Configuration;

namespace Millrace.Connect.Rest;

/// <summary>/connector-plugins.</summary>
internal static class PluginEndpoints
{
    internal static void Map(IEndpointRouteBuilder app, ConnectWorker worker)
    {
        var plugins = worker.Services.Plugins;
        app.MapGet("/connector-plugins", (HttpContext c) => RestServer.JsonAsync(c, new JsonArray([.. plugins.Connectors.Select(p =>
            (JsonNode)new JsonObject { ["class"] = p.Class, ["type"] = p.Kind, ["version"] = p.Version })])));
        app.MapGet("/connector-plugins/{plugin}/config", (HttpContext c, string plugin) =>
        {
            var connector = plugins.CreateConnector(plugin);
            var keys = ConnectorKeys.For(connector is ISourceConnector).Include(connector.Config).Keys;
            return RestServer.JsonAsync(c, new JsonArray([.. keys.Select((k, i) => (JsonNode)Definition(k, i))]));
        });
        app.MapPut("/connector-plugins/{plugin}/config/validate", async (HttpContext c, string plugin) =>
        {
            var given = ConnectorJson.ParseConfig(await RestServer.BodyAsync(c), "request body");
            var config = new Dictionary<string, string>(given, StringComparer.Ordinal);
            config.TryAdd("connector.class", plugin);
            if (plugins.ResolveConnector(config["connector.class"]) != plugins.ResolveConnector(plugin))
                throw new ConfigException($"Included connector type {config["connector.class"]} does not match request type {plugin}");
            await RestServer.JsonAsync(c, Infos(plugin, await worker.ValidateAsync(plugin, config, c.RequestAborted)));
        });
    }

    private static JsonObject Infos(string plugin, ConfigValidation validation)
    {
        var values = validation.Values.ToArray();
        return new()
        {
            ["name"] = plugin,
            ["error_count"] = validation.ErrorCount,
            ["groups"] = new JsonArray([.. values.Select(v => v.Key?.Group).OfType<string>().Distinct(StringComparer.Ordinal).Select(g => (JsonNode)JsonValue.Create(g))]),
            ["configs"] = new JsonArray([.. values.Select((v, i) => (JsonNode)new JsonObject
            {
                ["definition"] = v.Key is null ? null : Definition(v.Key, i),
                ["value"] = new JsonObject
                {
                    ["name"] = v.Name,
                    ["value"] = v.Value is not null && (v.Key?.Type == ConfigType.Password || ConfigSubstitution.IsSecret(v.Name)) ? "[hidden]" : v.Value,
                    ["recommended_values"] = new JsonArray([.. (v.Recommended.Count > 0 ? v.Recommended : v.Key?.Allowed ?? []).Select(r => (JsonNode)JsonValue.Create(r))]),
                    ["errors"] = new JsonArray([.. v.Errors.Select(e => (JsonNode)JsonValue.Create(e))]),
                    ["visible"] = true,
                },
            })]),
        };
    }

    private static JsonObject Definition(ConfigKey key, int order) => new()
    {
        ["name"] = key.Name,
        ["type"] = key.Type.ToString().ToUpperInvariant(),
        ["required"] = key.Required,
        ["default_value"] = key.Default,
        ["importance"] = key.Importance.ToString().ToUpperInvariant(),
        ["documentation"] = key.Unsupported is null ? key.Documentation : $"{key.Documentation} Not supported yet: {key.Unsupported}.",
        ["group"] = key.Group,
        ["width"] = "MEDIUM",
        ["display_name"] = key.DisplayName ?? key.Name,
        ["dependents"] = new JsonArray(),
        ["order"] = order + 1,
    };
}
