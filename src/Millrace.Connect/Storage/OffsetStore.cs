using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Millrace.Connect.Storage;

/// <summary>Source positions in connect-offsets, as Kafka Connect stores them: key <c>["NAME",{partition}]</c>, value <c>{position}</c>.</summary>
internal sealed class OffsetStore(KafkaClients clients, ConnectWorkerOptions options)
{
    private readonly CompactedTopic _topic = new(clients, options.OffsetTopic, options.OffsetTopicPartitions, options.ReplicationFactor);

    internal string Topic => options.OffsetTopic;

    internal Task OpenAsync() => _topic.EnsureAsync();

    /// <summary>All positions of a connector, from the topic itself; call it after fencing older producers.</summary>
    internal async Task<IReadOnlyList<(Dictionary<string, object?> Partition, Dictionary<string, object?> Offset)>> ReadAsync(string connector, CancellationToken cancellationToken)
    {
        var records = await Task.Factory.StartNew(() => _topic.ReadAll(cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var result = new List<(Dictionary<string, object?>, Dictionary<string, object?>)>();
        foreach (var (key, value) in records)
        {
            if (value is null) continue;
            if (Parse(key) is JsonArray { Count: 2 } pair && pair[0]?.GetValue<string>() == connector && pair[1] is JsonObject partition && Parse(Encoding.UTF8.GetString(value)) is JsonObject offset)
                result.Add((ToMap(partition), ToMap(offset)));
        }

        return result;
    }

    internal static byte[] Key(string connector, IReadOnlyDictionary<string, object?> partition) =>
        JsonSerializer.SerializeToUtf8Bytes(new JsonArray(connector, FromMap(partition)));

    internal static byte[] Value(IReadOnlyDictionary<string, object?> offset) => JsonSerializer.SerializeToUtf8Bytes(FromMap(offset));

    internal static JsonObject FromMap(IReadOnlyDictionary<string, object?> map) =>
        new(map.Select(p => KeyValuePair.Create(p.Key, p.Value switch
        {
            null => null,
            bool v => JsonValue.Create(v),
            int v => JsonValue.Create(v),
            long v => JsonValue.Create(v),
            double v => JsonValue.Create(v),
            string v => (JsonNode)JsonValue.Create(v),
            _ => throw new DataException($"An offset may hold strings, numbers and booleans, but \"{p.Key}\" is {p.Value.GetType().Name}."),
        })));

    internal static Dictionary<string, object?> ToMap(JsonObject json) => json.ToDictionary(
        p => p.Key,
        p => p.Value?.GetValueKind() switch
        {
            JsonValueKind.String => p.Value.GetValue<string>(),
            JsonValueKind.Number => p.Value.AsValue().TryGetValue<long>(out var whole) ? (object)whole : p.Value.GetValue<double>(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => (object?)null,
        },
        StringComparer.Ordinal);

    internal static bool SamePartition(IReadOnlyDictionary<string, object?> a, IReadOnlyDictionary<string, object?> b) =>
        a.Count == b.Count && a.All(p => b.TryGetValue(p.Key, out var other) && Equals(p.Value is int i ? (long)i : p.Value, other is int j ? (long)j : other));

    private static JsonNode? Parse(string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException)
        {
            return null; // not ours: other programs may share the topic
        }
    }
}
