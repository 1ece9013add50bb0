namespace Millrace.Connect.Data;

/// <summary>Builds a <see cref="ConnectSchema"/>.</summary>
/// <param name="type">The schema's type.</param>
public sealed class SchemaBuilder(ConnectType type)
{
    private readonly List<ConnectField> _fields = [];

    internal ConnectType Type { get; } = type;

    internal bool IsOptional { get; private set; }

    internal string? SchemaName { get; private set; }

    internal int? SchemaVersion { get; private set; }

    internal string? Documentation { get; private set; }

    internal object? DefaultValue { get; private set; }

    internal Dictionary<string, string>? Parameters { get; private set; }

    internal IReadOnlyList<ConnectField> Fields => _fields;

    internal ConnectSchema? KeySchema { get; private set; }

    internal ConnectSchema? ValueSchema { get; private set; }

    /// <summary>Begins a struct schema.</summary>
    public static SchemaBuilder Struct(string? name = null)
    {
        var builder = new SchemaBuilder(ConnectType.Struct);
        return name is null ? builder : builder.Name(name);
    }

    /// <summary>Begins an array schema.</summary>
    public static SchemaBuilder Array(ConnectSchema element) => new(ConnectType.Array) { ValueSchema = element };

    /// <summary>Begins a map schema.</summary>
    public static SchemaBuilder Map(ConnectSchema key, ConnectSchema value) => new(ConnectType.Map) { KeySchema = key, ValueSchema = value };

    /// <summary>Begins a copy of a schema, to change its name, its optionality or its fields.</summary>
    public static SchemaBuilder From(ConnectSchema schema)
    {
        var copy = new SchemaBuilder(schema.Type)
        {
            IsOptional = schema.IsOptional,
            SchemaName = schema.Name,
            SchemaVersion = schema.Version,
            Documentation = schema.Documentation,
            DefaultValue = schema.DefaultValue,
            Parameters = schema.Parameters.Count == 0 ? null : new(schema.Parameters, StringComparer.Ordinal),
            KeySchema = schema.KeySchema,
            ValueSchema = schema.ValueSchema,
        };
        copy._fields.AddRange(schema.Fields);
        return copy;
    }

    /// <summary>Null is allowed.</summary>
    public SchemaBuilder Optional(bool optional = true)
    {
        IsOptional = optional;
        return this;
    }

    /// <summary>Sets the name.</summary>
    public SchemaBuilder Name(string name)
    {
        SchemaName = name;
        return this;
    }

    /// <summary>Sets the version.</summary>
    public SchemaBuilder Version(int version)
    {
        SchemaVersion = version;
        return this;
    }

    /// <summary>Sets the documentation.</summary>
    public SchemaBuilder Doc(string documentation)
    {
        Documentation = documentation;
        return this;
    }

    /// <summary>Sets the default value.</summary>
    public SchemaBuilder Default(object? value)
    {
        DefaultValue = value;
        return this;
    }

    /// <summary>Adds a parameter.</summary>
    public SchemaBuilder Parameter(string name, string value)
    {
        (Parameters ??= new(StringComparer.Ordinal))[name] = value;
        return this;
    }

    /// <summary>Adds a field to a struct schema.</summary>
    public SchemaBuilder Field(string name, ConnectSchema schema)
    {
        if (Type != ConnectType.Struct) throw new InvalidOperationException($"A schema of type {Type} has no fields.");
        _fields.Add(new ConnectField(name, _fields.Count, schema));
        return this;
    }

    /// <summary>The finished schema.</summary>
    public ConnectSchema Build() => new(this);
}
