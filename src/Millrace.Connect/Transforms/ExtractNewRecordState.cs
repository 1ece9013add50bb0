using Millrace.Connect.Configuration;
using Millrace.Connect.Data;

namespace Millrace.Connect.Transforms;

/// <summary>Replaces a change event by the row after the change ("unwrap"): Debezium's ExtractNewRecordState.</summary>
public sealed class ExtractNewRecordState : ITransform
{
    private readonly Dictionary<(ConnectSchema Row, ConnectSchema Envelope), ConnectSchema> _schemas = [];
    private string _deletes = "tombstone";
    private (string Name, string[] Path)[] _fields = [];
    private (string Name, string[] Path)[] _headers = [];

    /// <inheritdoc/>
    public ConfigDefinition Config { get; } = new ConfigDefinition()
        .Define(new ConfigKey("delete.tombstone.handling.mode", ConfigType.String, "What becomes of deletes and their tombstones.")
        {
            Default = "tombstone",
            Allowed = ["drop", "tombstone", "rewrite", "rewrite-with-tombstone", "delete-to-tombstone"],
        })
        .Define("add.fields", ConfigType.List, "", "Fields of the event to add to the row: op, table, source.ts_ms, or name:newname.")
        .Define("add.fields.prefix", ConfigType.String, "__", "Prefix of the added fields.")
        .Define("add.headers", ConfigType.List, "", "Fields of the event to add as headers.")
        .Define("add.headers.prefix", ConfigType.String, "__", "Prefix of the added headers.")
        .Define(new ConfigKey("drop.fields.header.name", ConfigType.String, "A header that lists fields to drop.") { Unsupported = "comes with the other transforms" })
        .Define(new ConfigKey("route.by.field", ConfigType.String, "Route by a field of the row.") { Unsupported = "comes with the other transforms; use RegexRouter" })
        .DefinePattern("drop\\.tombstones|delete\\.handling\\.mode", "Debezium removed it; use delete.tombstone.handling.mode");

    /// <inheritdoc/>
    public void Configure(IReadOnlyDictionary<string, string> config)
    {
        _deletes = config.GetString("delete.tombstone.handling.mode", "tombstone");
        _fields = Parse(config.GetList("add.fields"), config.GetString("add.fields.prefix", "__"));
        _headers = Parse(config.GetList("add.headers"), config.GetString("add.headers.prefix", "__"));
    }

    /// <inheritdoc/>
    public ConnectRecord? Apply(ConnectRecord record)
    {
        if (record.Value is null) return _deletes is "drop" or "rewrite" or "delete-to-tombstone" ? null : record;
        if (Read(record.Value, "op") is not string operation || !Has(record.Value, "after") || !Has(record.Value, "source")) return record;
        if (operation is "t" or "m") return null;
        var result = _headers.Length == 0 ? record : record with { Headers = [.. record.Headers, .. _headers.Select(h => Header(h.Name, record.Value, h.Path))] };
        if (operation != "d") return Unwrap(result, Read(record.Value, "after"), deleted: false);
        return _deletes switch
        {
            "rewrite" or "rewrite-with-tombstone" => Unwrap(result, Read(record.Value, "before"), deleted: true),
            "delete-to-tombstone" => result with { ValueSchema = null, Value = null },
            _ => null,
        };
    }

    private static (string Name, string[] Path)[] Parse(IReadOnlyList<string> given, string prefix) =>
    [
        .. given.Select(item =>
        {
            var parts = item.Split(':');
            return (prefix + (parts.Length > 1 ? parts[1] : parts[0].Replace('.', '_')), parts[0].Split('.'));
        }),
    ];

    private static bool Has(object value, string field) =>
        value is Struct s ? s.Schema.Field(field) is not null : value is IReadOnlyDictionary<string, object?> map && map.ContainsKey(field);

    private static object? Read(object? value, string field) => value switch
    {
        Struct s => s.TryGet(field, out var item) ? item : null,
        IReadOnlyDictionary<string, object?> map => map.GetValueOrDefault(field),
        _ => null,
    };

    // A name without a dot is looked for in the event and then in its source block, as Debezium does.
    private static object? Find(object envelope, string[] path)
    {
        if (path.Length == 1) return Has(envelope, path[0]) ? Read(envelope, path[0]) : Read(Read(envelope, "source"), path[0]);
        return path.Aggregate((object?)envelope, Read);
    }

    private static ConnectSchema? FindSchema(ConnectSchema envelope, string[] path)
    {
        if (path.Length == 1) return (envelope.Field(path[0]) ?? envelope.Field("source")?.Schema.Field(path[0]))?.Schema;
        var schema = envelope;
        foreach (var step in path) schema = schema?.Field(step)?.Schema!;
        return schema;
    }

    private static ConnectHeader Header(string name, object envelope, string[] path) =>
        new(name, envelope is Struct s ? FindSchema(s.Schema, path) : null, Find(envelope, path));

    private ConnectRecord? Unwrap(ConnectRecord record, object? row, bool deleted)
    {
        var rewrite = _deletes is "rewrite" or "rewrite-with-tombstone";
        switch (row)
        {
            case null:
                return null;
            case Struct s when _fields.Length == 0 && !rewrite:
                return record with { ValueSchema = s.Schema, Value = s };
            case Struct s:
                var envelope = (Struct)record.Value!;
                var schema = _schemas.TryGetValue((s.Schema, envelope.Schema), out var known) ? known : _schemas[(s.Schema, envelope.Schema)] = Extend(s.Schema, envelope.Schema, rewrite);
                var result = new Struct(schema);
                foreach (var field in s.Schema.Fields) result[field.Index] = s[field.Index];
                foreach (var (name, path) in _fields) result[name] = Find(envelope, path);
                if (rewrite) result["__deleted"] = deleted ? "true" : "false";
                return record with { ValueSchema = schema, Value = result };
            case IReadOnlyDictionary<string, object?> map:
                var copy = new Dictionary<string, object?>(map, StringComparer.Ordinal);
                foreach (var (name, path) in _fields) copy[name] = Find(record.Value!, path);
                if (rewrite) copy["__deleted"] = deleted ? "true" : "false";
                return record with { ValueSchema = null, Value = copy };
            default:
                return record;
        }
    }

    private ConnectSchema Extend(ConnectSchema row, ConnectSchema envelope, bool rewrite)
    {
        var builder = SchemaBuilder.From(row);
        foreach (var (name, path) in _fields)
        {
            var found = FindSchema(envelope, path) ?? throw new ConfigException($"ExtractNewRecordState: add.fields names \"{string.Join('.', path)}\", which events do not have.");
            builder.Field(name, SchemaBuilder.From(found).Optional().Build());
        }

        if (rewrite) builder.Field("__deleted", ConnectSchema.OptionalString);
        return builder.Build();
    }
}
