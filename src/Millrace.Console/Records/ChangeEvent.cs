using System.Text.Json;
using Millrace.Console.Backends;

namespace Millrace.Console.Records;

/// <summary>A column in a change: its value before and after; null where the side has no such column.</summary>
internal sealed record ChangedField(string Name, string? Before, string? After)
{
    public bool IsChanged => !string.Equals(Before, After, StringComparison.Ordinal);
}

/// <summary>A change of a database row, as Debezium's envelope carries it.</summary>
internal sealed record ChangeEvent(string Operation, string Table, string Position, DateTimeOffset? CommittedAt, bool HasBefore, bool HasAfter, IReadOnlyList<ChangedField> Fields)
{
    /// <summary>Debezium's letter as a word.</summary>
    public string OperationName => Operation switch
    {
        "c" => "insert",
        "u" => "update",
        "d" => "delete",
        "r" => "snapshot",
        "t" => "truncate",
        "m" => "message",
        _ => Operation,
    };

    /// <summary>Reads an envelope, with or without the schema around it; null when it is none.</summary>
    public static ChangeEvent? TryRead(JsonElement root)
    {
        var envelope = root.Get("payload").ValueKind == JsonValueKind.Object && root.Get("schema").ValueKind != JsonValueKind.Undefined ? root.Get("payload") : root;
        if (envelope.Get("op").ValueKind != JsonValueKind.String || envelope.Get("source").ValueKind != JsonValueKind.Object) return null;
        var before = envelope.Get("before");
        var after = envelope.Get("after");
        var source = envelope.Get("source");
        var names = after.Fields().Select(static field => field.Name).Concat(before.Fields().Select(static field => field.Name)).Distinct(StringComparer.Ordinal);
        var table = string.Join('.', new[] { source.Text("schema", source.Text("db")), source.Text("table") }.Where(static part => part.Length > 0));
        return new ChangeEvent(
            envelope.Text("op"), table, PositionIn(source), source.Time("ts_ms") ?? envelope.Time("ts_ms"),
            before.ValueKind == JsonValueKind.Object, after.ValueKind == JsonValueKind.Object,
            [.. names.Select(name => new ChangedField(name, Show(before.Get(name)), Show(after.Get(name))))]);
    }

    private static string PositionIn(JsonElement source)
    {
        if (source.Text("lsn") is { Length: > 0 } lsn)
            return source.Long("lsn", -1) is >= 0 and var number ? $"LSN {number >> 32:X}/{number & 0xFFFF_FFFF:X8}" : $"LSN {lsn}";
        return source.Text("file") is { Length: > 0 } file ? $"{file}:{source.Text("pos")}" : "";
    }

    private static string? Show(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined => null,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Null => "null",
        _ => value.GetRawText(),
    };
}
