using System.Text.RegularExpressions;
using Millrace.Connect.Configuration;
using Millrace.Connect.Data;

namespace Millrace.Connect.Transforms;

/// <summary>
/// Sends the changes of several physical tables to one topic: Debezium's ByLogicalTableRouter. As tables may share key values, the key gets a
/// field that names the table, unless <c>key.enforce.uniqueness=false</c>. The schemas of key and envelope take the new topic's name.
/// </summary>
public sealed class ByLogicalTableRouter : ITransform
{
    private readonly Dictionary<string, string?> _topics = new(StringComparer.Ordinal);
    private readonly Dictionary<(ConnectSchema Schema, string Topic, bool IsKey), ConnectSchema> _schemas = [];
    private Regex _topicRegex = new("", RegexOptions.None, TimeSpan.FromSeconds(1));
    private Regex? _keyRegex;
    private string _topicReplacement = "";
    private string _keyReplacement = "";
    private string _keyField = "";
    private bool _unique;

    /// <inheritdoc/>
    public ConfigDefinition Config { get; } = new ConfigDefinition()
        .Define(new ConfigKey("topic.regex", ConfigType.String, "Regular expression that a topic's whole name must match.") { Required = true, Importance = Importance.High, Validator = JavaRegex.Validate })
        .Define(new ConfigKey("topic.replacement", ConfigType.String, "The new topic; $1 is the first group.") { Required = true, Importance = Importance.High })
        .Define("key.enforce.uniqueness", ConfigType.Boolean, "true", "Add a field to the key that names the physical table.")
        .Define("key.field.name", ConfigType.String, "__dbz__physicalTableIdentifier", "The name of that field.")
        .Define(new ConfigKey("key.field.regex", ConfigType.String, "Matches the old topic's whole name to derive the field's value.") { Validator = JavaRegex.Validate })
        .Define("key.field.replacement", ConfigType.String, null, "The field's value, with groups of key.field.regex; the old topic by default.")
        .Define(new ConfigKey("schema.name.adjustment.mode", ConfigType.String, "Change schema names to suit Avro.") { Default = "none", Unsupported = "only none, until Avro comes" })
        .Define("logical.table.cache.size", ConfigType.Int, "16", "Accepted; the cache needs no size.")
        .DefineRule("topic.replacement", static c => JavaRegex.MissingGroup(c, "topic.regex", "topic.replacement"))
        .DefineRule("key.field.replacement", static c => JavaRegex.MissingGroup(c, "key.field.regex", "key.field.replacement"));

    /// <inheritdoc/>
    public void Configure(IReadOnlyDictionary<string, string> config)
    {
        _topicRegex = JavaRegex.Whole(config["topic.regex"]);
        _topicReplacement = config["topic.replacement"];
        _unique = config.GetBoolean("key.enforce.uniqueness", true);
        _keyField = config.GetString("key.field.name", "__dbz__physicalTableIdentifier");
        var keyRegex = config.GetString("key.field.regex", "");
        _keyReplacement = config.GetString("key.field.replacement", "");
        if (keyRegex.Length == 0 != (_keyReplacement.Length == 0))
            throw new ConfigException("ByLogicalTableRouter: key.field.regex and key.field.replacement must be given together.");
        _keyRegex = keyRegex.Length == 0 ? null : JavaRegex.Whole(keyRegex);
    }

    /// <inheritdoc/>
    public ConnectRecord? Apply(ConnectRecord record)
    {
        if (NewTopic(record.Topic) is not { } topic) return record;
        var result = record with { Topic = topic };
        if (record is { KeySchema: not null, Key: Struct key })
        {
            var schema = _schemas.TryGetValue((key.Schema, topic, true), out var known) ? known : KeySchema(key.Schema, topic);
            var values = new object?[schema.Fields.Count];
            for (var i = 0; i < key.Schema.Fields.Count; i++) values[i] = key[i];
            if (_unique) values[^1] = TableIdentifier(record.Topic);
            result = result with { KeySchema = schema, Key = new Struct(schema, values) };
        }

        if (record is { ValueSchema.Name: not null, Value: Struct value } && IsEnvelope(value.Schema))
        {
            var schema = _schemas.TryGetValue((value.Schema, topic, false), out var known) ? known : EnvelopeSchema(value.Schema, topic);
            var values = new object?[schema.Fields.Count];
            for (var i = 0; i < values.Length; i++)
                values[i] = value[i] is Struct row && value.Schema.Fields[i].Name is "before" or "after" ? Rename((Struct?)value[i], schema.Fields[i].Schema) : value[i];
            result = result with { ValueSchema = schema, Value = new Struct(schema, values) };
        }

        return result;
    }

    private static bool IsEnvelope(ConnectSchema schema) => schema.Name!.EndsWith(".Envelope", StringComparison.Ordinal);

    private static Struct? Rename(Struct? row, ConnectSchema schema)
    {
        if (row is null) return null;
        var values = new object?[schema.Fields.Count];
        for (var i = 0; i < values.Length; i++) values[i] = row[i];
        return new Struct(schema, values);
    }

    private string? NewTopic(string topic)
    {
        if (_topics.TryGetValue(topic, out var known)) return known;
        var renamed = _topicRegex.IsMatch(topic) ? _topicRegex.Replace(topic, _topicReplacement, 1) : null;
        return _topics[topic] = string.IsNullOrEmpty(renamed) ? null : renamed;
    }

    private string TableIdentifier(string oldTopic) =>
        _keyRegex is not null && _keyRegex.IsMatch(oldTopic) ? _keyRegex.Replace(oldTopic, _keyReplacement, 1) : oldTopic;

    private ConnectSchema KeySchema(ConnectSchema old, string topic)
    {
        var builder = SchemaBuilder.From(old).Name(topic + ".Key");
        if (_unique) builder.Field(_keyField, ConnectSchema.String);
        return _schemas[(old, topic, true)] = builder.Build();
    }

    private ConnectSchema EnvelopeSchema(ConnectSchema old, string topic)
    {
        var builder = SchemaBuilder.Struct(topic + ".Envelope").Optional(old.IsOptional);
        if (old.Version is { } version) builder.Version(version);
        ConnectSchema? row = null;
        foreach (var field in old.Fields)
        {
            var schema = field.Name is "before" or "after" ? row ??= SchemaBuilder.From(field.Schema).Name(topic + ".Value").Build() : field.Schema;
            builder.Field(field.Name, schema);
        }

        return _schemas[(old, topic, false)] = builder.Build();
    }
}
