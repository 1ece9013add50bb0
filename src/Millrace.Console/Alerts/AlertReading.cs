using System.Globalization;
using System.Text.Json;
using Millrace.Console.Backends;
using Millrace.Console.Backends.Kafka;
using Millrace.Console.Rules;

namespace Millrace.Console.Alerts;

/// <summary>
/// Finds in an alert's JSON what a person looks for first. Alerts have no standard form, so each part is looked for under the names that are usual,
/// whether written accountId, account_id or AccountId; what is not found is shown in the summary.
/// </summary>
internal static class AlertReading
{
    private static readonly string[] Kinds = ["rule", "kind", "type", "alertType", "pattern", "reason"];
    private static readonly string[] Subjects = ["accountId", "account", "customerId", "cardId", "userId", "subject", "entityId"];
    private static readonly string[] Severities = ["severity", "level", "priority", "risk"];
    private static readonly string[] Sentences = ["description", "message", "title"];
    private static readonly string[] Times = ["detectedAt", "occurredAt", "timestamp", "eventTime", "createdAt", "time", "ts"];

    public static Alert Read(KafkaRecord record, JsonElement root, string key, string json)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return new Alert(record.Topic, record.Partition, record.Offset, record.Timestamp, "unreadable", key, "", Wording.Short(json, 300), json);
        var fields = root.EnumerateObject().ToList();
        var kind = Take(fields, Kinds);
        var subject = Take(fields, Subjects);
        var severity = Take(fields, Severities);
        var time = ParseTime(Take(fields, Times)) ?? record.Timestamp;
        // A sentence for people goes first; ids, which only machines read, stay in the record.
        var sentence = Take(fields, Sentences);
        fields.RemoveAll(static field => field.Name.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant() is "ALERTID" or "ID" or "TRANSACTIONIDS" or "EVENTID");
        var summary = string.Join(" · ", (sentence is null ? Array.Empty<string>() : [sentence]).Concat(fields.Where(static field => field.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined))
            .Select(static field => $"{field.Name.Replace('_', ' ')} {Wording.Short(field.Value.ToString(), 80)}")));
        return new Alert(record.Topic, record.Partition, record.Offset, time, kind ?? "alert", subject ?? key, severity ?? "", Wording.Short(summary, 300), json);
    }

    private static string? Take(List<JsonProperty> fields, string[] names)
    {
        foreach (var name in names)
        {
            var at = fields.FindIndex(field => string.Equals(field.Name.Replace("_", "", StringComparison.Ordinal), name, StringComparison.OrdinalIgnoreCase)
                && field.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number);
            if (at < 0) continue;
            var value = fields[at].Value.ToString();
            fields.RemoveAt(at);
            return value;
        }

        return null;
    }

    private static DateTimeOffset? ParseTime(string? text)
    {
        if (text is null) return null;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed) ? parsed : null;

        // Seconds, milliseconds or microseconds since 1970, told apart by size.
        return number switch
        {
            > 100_000_000_000_000 and < 100_000_000_000_000_000 => DateTimeOffset.FromUnixTimeMilliseconds(number / 1000),
            > 100_000_000_000 and < 100_000_000_000_000 => DateTimeOffset.FromUnixTimeMilliseconds(number),
            > 100_000_000 and < 100_000_000_000 => DateTimeOffset.FromUnixTimeSeconds(number),
            _ => null,
        };
    }
}
