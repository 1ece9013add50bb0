using System.Text.Json;
using System.Text.Json.Nodes;

namespace Millrace.Connect.Rest;

/// <summary>Reads a connector's JSON as Kafka Connect takes it: <c>{"name":…,"config":{…},"initial_state":…}</c>.</summary>
internal static class ConnectorJson
{
    internal static (string Name, IReadOnlyDictionary<string, string> Config, string? State) Parse(string json, string origin)
    {
        var root = ParseObject(json, origin);
        foreach (var (key, _) in root)
        {
            if (key is not ("name" or "config" or "initial_state"))
                throw new ConfigException($"{origin}: unknown field \"{key}\"; a connector has the fields name, config and initial_state.{(key == "connector.class" ? " Put the connector's keys into \"config\"." : "")}");
        }

        var name = root["name"] is JsonValue n && n.TryGetValue<string>(out var text) && text.Length > 0
            ? text : throw new ConfigException($"{origin}: the field \"name\" (a text) is missing.");
        if (root["config"] is not JsonObject config) throw new ConfigException($"{origin}: the field \"config\" (an object) is missing.");
        var state = root["initial_state"] is JsonValue s && s.TryGetValue<string>(out var given) ? given.ToUpperInvariant() : null;
        if (state is "RUNNING") state = "STARTED";
        if (state is not (null or "STARTED" or "PAUSED" or "STOPPED")) throw new ConfigException($"{origin}: initial_state must be RUNNING, PAUSED or STOPPED.");
        return (name, ToConfig(config, origin), state);
    }

    internal static IReadOnlyDictionary<string, string> ParseConfig(string json, string origin) => ToConfig(ParseObject(json, origin), origin);

    internal static JsonObject ParseObject(string json, string origin)
    {
        try
        {
            var options = new JsonDocumentOptions { MaxDepth = 32 };
            var node = JsonNode.Parse(json, documentOptions: options) as JsonObject ?? throw new ConfigException($"{origin}: a JSON object is needed.");
            _ = node.Count; // the object's fields are read here, so that a repeated one shows here
            return node;
        }
        catch (JsonException e)
        {
            throw new ConfigException($"{origin}:{(e.LineNumber ?? 0) + 1}: not JSON: {WithoutPlace(e.Message)}", e);
        }
        catch (ArgumentException e)
        {
            throw new ConfigException($"{origin}: a key is given twice: {e.Message}", e);
        }
    }

    // The reader counts lines from 0, and says so in its text.
    private static string WithoutPlace(string message)
    {
        foreach (var place in (string[])[" Path: ", " LineNumber: "])
        {
            if (message.IndexOf(place, StringComparison.Ordinal) is > 0 and var at) message = message[..at];
        }

        return message;
    }

    private static Dictionary<string, string> ToConfig(JsonObject json, string origin)
    {
        try
        {
            return json.Where(p => p.Value is not null).ToDictionary(
                p => p.Key,
                p => p.Value switch
                {
                    JsonValue value when value.TryGetValue<string>(out var text) => text,
                    JsonValue value => value.ToJsonString(),
                    _ => throw new ConfigException($"{origin}: the value of \"{p.Key}\" must be a text, a number or a boolean."),
                },
                StringComparer.Ordinal);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw new ConfigException($"{origin}: {e.Message}", e);
        }
    }
}
