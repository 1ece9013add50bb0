using System.Collections.Frozen;

namespace Millrace.Connect.Data;

/// <summary>A field of a <see cref="ConnectType.Struct"/> schema.</summary>
/// <param name="Name">The field's name.</param>
/// <param name="Index">Its position, from 0.</param>
/// <param name="Schema">Its schema.</param>
public sealed record ConnectField(string Name, int Index, ConnectSchema Schema);

/// <summary>Immutable description of a value: Kafka Connect's <c>Schema</c>. Build one with <see cref="SchemaBuilder"/>.</summary>
public sealed class ConnectSchema
{
    private static readonly FrozenDictionary<string, string> NoParameters = FrozenDictionary<string, string>.Empty;
    private readonly FrozenDictionary<string, ConnectField> _byName;

    internal ConnectSchema(SchemaBuilder builder)
    {
        Type = builder.Type;
        IsOptional = builder.IsOptional;
        Name = builder.SchemaName;
        Version = builder.SchemaVersion;
        Documentation = builder.Documentation;
        DefaultValue = builder.DefaultValue;
        Parameters = builder.Parameters is null ? NoParameters : builder.Parameters.ToFrozenDictionary(StringComparer.Ordinal);
        Fields = [.. builder.Fields];
        KeySchema = builder.KeySchema;
        ValueSchema = builder.ValueSchema;
        _byName = Fields.ToFrozenDictionary(f => f.Name, StringComparer.Ordinal);
    }

    /// <summary>The type.</summary>
    public ConnectType Type { get; }

    /// <summary>Whether null is allowed.</summary>
    public bool IsOptional { get; }

    /// <summary>The schema's name: of a struct, or of a logical type (see <see cref="LogicalTypes"/>).</summary>
    public string? Name { get; }

    /// <summary>The version, where the author gave one.</summary>
    public int? Version { get; }

    /// <summary>Documentation for people.</summary>
    public string? Documentation { get; }

    /// <summary>The value that stands in for an absent one.</summary>
    public object? DefaultValue { get; }

    /// <summary>Further properties, such as a decimal's scale.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; }

    /// <summary>The fields of a struct, in order; empty for other types.</summary>
    public IReadOnlyList<ConnectField> Fields { get; }

    /// <summary>The schema of a map's keys.</summary>
    public ConnectSchema? KeySchema { get; }

    /// <summary>The schema of a map's values or of an array's elements.</summary>
    public ConnectSchema? ValueSchema { get; }

    /// <summary>The field of that name, or null.</summary>
    public ConnectField? Field(string name) => _byName.GetValueOrDefault(name);

    /// <inheritdoc/>
    public override string ToString() => $"{(Name is null ? "" : Name + ":")}{Type}{(IsOptional ? "?" : "")}";

    /// <summary>Shared schemas of the plain types.</summary>
    public static ConnectSchema Int16 { get; } = new SchemaBuilder(ConnectType.Int16).Build();

    /// <summary>A required 32-bit integer.</summary>
    public static ConnectSchema Int32 { get; } = new SchemaBuilder(ConnectType.Int32).Build();

    /// <summary>A required 64-bit integer.</summary>
    public static ConnectSchema Int64 { get; } = new SchemaBuilder(ConnectType.Int64).Build();

    /// <summary>An optional 64-bit integer.</summary>
    public static ConnectSchema OptionalInt64 { get; } = new SchemaBuilder(ConnectType.Int64).Optional().Build();

    /// <summary>A required boolean.</summary>
    public static ConnectSchema Boolean { get; } = new SchemaBuilder(ConnectType.Boolean).Build();

    /// <summary>A required string.</summary>
    public static ConnectSchema String { get; } = new SchemaBuilder(ConnectType.String).Build();

    /// <summary>An optional string.</summary>
    public static ConnectSchema OptionalString { get; } = new SchemaBuilder(ConnectType.String).Optional().Build();

    /// <summary>Required bytes.</summary>
    public static ConnectSchema Bytes { get; } = new SchemaBuilder(ConnectType.Bytes).Build();

    /// <summary>Optional bytes.</summary>
    public static ConnectSchema OptionalBytes { get; } = new SchemaBuilder(ConnectType.Bytes).Optional().Build();
}
