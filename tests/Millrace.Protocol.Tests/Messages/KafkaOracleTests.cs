using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Protocol.Messages;

namespace Millrace.Protocol.Tests.Messages;

/// <summary>Compares every message in every version with Apache Kafka's own classes, in both directions.</summary>
public sealed class KafkaOracleTests
{
    private const int MessagesPerVersion = 12;

    [Fact]
    public async Task Kafkas_messages_are_read_and_written_again_byte_by_byte()
    {
        Assert.SkipWhen(KafkaOracle.Script is null, $"{KafkaOracle.Variable} does not name the script of the oracle");
        using var oracle = new KafkaOracle(KafkaOracle.Script!);
        var failures = new List<string>();
        foreach (var (info, version, seed) in Cases())
        {
            var answer = await oracle.AskAsync(new JsonObject { ["message"] = info.Name, ["version"] = version, ["seed"] = seed });
            if (answer["error"] is { } error)
            {
                // The oracle has no random record sets, so it cannot make the one message whose record set is never null.
                if (!error.ToString().Contains("'records'", StringComparison.Ordinal)) failures.Add($"{info.Name} v{version} seed {seed}: the oracle says {error}");
                continue;
            }

            string hex = answer["hex"]!.GetValue<string>();
            try
            {
                var (message, unread) = RandomMessage.Decode(info, Convert.FromHexString(hex), version);
                string again = Convert.ToHexStringLower(RandomMessage.Encode(message, version));
                if (unread != 0 || again != hex) failures.Add($"{info.Name} v{version} seed {seed}: {unread} unread, wrote {again} for {hex}");
                Compare(message, answer["json"]!, $"{info.Name} v{version} seed {seed}", failures);
            }
            catch (MalformedMessageException e)
            {
                failures.Add($"{info.Name} v{version} seed {seed}: {e.Message}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} differences:\n{string.Join('\n', failures.Take(30))}");
    }

    [Fact]
    public async Task Kafka_reads_what_we_write()
    {
        Assert.SkipWhen(KafkaOracle.Script is null, $"{KafkaOracle.Variable} does not name the script of the oracle");
        using var oracle = new KafkaOracle(KafkaOracle.Script!);
        var failures = new List<string>();
        foreach (var (info, version, seed) in Cases())
        {
            var message = RandomMessage.Create(info, seed, nulls: false);
            string hex = Convert.ToHexStringLower(RandomMessage.Encode(message, version));
            var answer = await oracle.AskAsync(new JsonObject { ["message"] = info.Name, ["version"] = version, ["hex"] = hex });
            if (answer["json"] is not { } json || answer["unread"]!.GetValue<int>() != 0)
                failures.Add($"{info.Name} v{version} seed {seed}: {answer.ToJsonString()} for {hex}");
            else
                Compare(message, json, $"{info.Name} v{version} seed {seed}", failures);
        }

        Assert.True(failures.Count == 0, $"{failures.Count} differences:\n{string.Join('\n', failures.Take(30))}");
    }

    private static IEnumerable<(MessageInfo Info, short Version, int Seed)> Cases()
    {
        foreach (var info in MessageCatalog.All)
        {
            for (short version = info.LowestVersion; version <= info.HighestVersion; version++)
            {
                for (int seed = 1; seed <= MessagesPerVersion; seed++) yield return (info, version, seed);
            }
        }
    }

    private static void Compare(object? value, JsonNode? json, string path, List<string> failures)
    {
        // The JSON form of a fetch response leaves the record sets out; the bytes were compared.
        if (value is ReadOnlyMemory<byte>) return;
        switch (json)
        {
            case JsonObject fields when value is not null:
                foreach (var (name, field) in fields)
                {
                    var property = value.GetType().GetProperty(char.ToUpperInvariant(name[0]) + name[1..]);
                    if (property is null) failures.Add($"{path}.{name}: no such property");
                    else Compare(property.GetValue(value), field, $"{path}.{name}", failures);
                }

                break;
            case JsonArray items when value is IList list:
                if (items.Count != list.Count) failures.Add($"{path}: {list.Count} elements, expected {items.Count}");
                for (int i = 0; i < Math.Min(items.Count, list.Count); i++) Compare(list[i], items[i], $"{path}[{i}]", failures);
                break;
            default:
                if (Text(value) != JsonText(value, json)) failures.Add($"{path}: '{Text(value)}', expected '{json?.ToJsonString()}'");
                break;
        }
    }

    private static string? JsonText(object? value, JsonNode? json) => json switch
    {
        null => null,
        _ when value is double => json.GetValue<double>().ToString(CultureInfo.InvariantCulture),
        _ when json.GetValueKind() == JsonValueKind.String => json.GetValue<string>(),
        _ => json.ToJsonString(),
    };

    private static string? Text(object? value) => value switch
    {
        null => null,
        bool b => b ? "true" : "false",
        ErrorCode e => ((short)e).ToString(CultureInfo.InvariantCulture),
        byte[] bytes => Convert.ToBase64String(bytes),
        Guid id => Convert.ToBase64String(id.ToByteArray(bigEndian: true)).TrimEnd('=').Replace('+', '-').Replace('/', '_'),
        double d => d.ToString(CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };
}
