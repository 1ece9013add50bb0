namespace Millrace.Connect.Data;

/// <summary>A value of a struct schema: one slot for each field. An absent required field reads as its schema's default.</summary>
public sealed class Struct
{
    private readonly object?[] _values;

    /// <summary>An empty struct of a schema.</summary>
    public Struct(ConnectSchema schema)
    {
        if (schema.Type != ConnectType.Struct) throw new ArgumentException($"A struct needs a struct schema, not {schema}.", nameof(schema));
        Schema = schema;
        _values = new object?[schema.Fields.Count];
    }

    /// <summary>A struct over values in the order of the schema's fields; the array is kept, not copied.</summary>
    public Struct(ConnectSchema schema, object?[] values)
    {
        if (values.Length != schema.Fields.Count)
            throw new ArgumentException($"{schema} has {schema.Fields.Count} fields, but {values.Length} values were given.", nameof(values));
        Schema = schema;
        _values = values;
    }

    /// <summary>The schema.</summary>
    public ConnectSchema Schema { get; }

    /// <summary>The value of a field by position, as it was put.</summary>
    public object? this[int index]
    {
        get => _values[index];
        set => _values[index] = value;
    }

    /// <summary>The value of a field by name.</summary>
    /// <exception cref="KeyNotFoundException">The schema has no such field.</exception>
    public object? this[string field]
    {
        get => _values[IndexOf(field)] ?? Schema.Fields[IndexOf(field)].Schema.DefaultValue;
        set => _values[IndexOf(field)] = value;
    }

    /// <summary>Sets a field and returns the struct.</summary>
    public Struct Put(string field, object? value)
    {
        this[field] = value;
        return this;
    }

    /// <summary>Reads a field, if the schema has it.</summary>
    public bool TryGet(string field, out object? value)
    {
        var found = Schema.Field(field);
        value = found is null ? null : _values[found.Index] ?? found.Schema.DefaultValue;
        return found is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"Struct{{{string.Join(',', Schema.Fields.Where(f => _values[f.Index] is not null).Select(f => $"{f.Name}={_values[f.Index]}"))}}}";

    private int IndexOf(string field) =>
        Schema.Field(field)?.Index ?? throw new KeyNotFoundException($"{Schema} has no field \"{field}\".");
}
