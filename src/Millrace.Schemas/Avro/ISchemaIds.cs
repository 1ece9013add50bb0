using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using global::Avro;

namespace Millrace.Schemas.Avro;

/// <summary>
/// Where schema ids come from and lead to: a schema registry, or a fixed table. Called on the path of each record, so an implementation keeps
/// what it knows in memory.
/// </summary>
public interface ISchemaIds
{
    /// <summary>The id under which a subject has this schema.</summary>
    /// <param name="subject">The subject, usually <c>topic-value</c>.</param>
    /// <param name="schema">The schema.</param>
    /// <returns>The id.</returns>
    int GetId(string subject, Schema schema);

    /// <summary>The schema of an id.</summary>
    /// <param name="id">The id.</param>
    /// <param name="schema">The schema.</param>
    /// <returns>False when there is none.</returns>
    bool TryGetSchema(int id, [NotNullWhen(true)] out Schema? schema);
}

/// <summary>A table of schemas that all sides agree on beforehand: for tests, and for topics without a registry.</summary>
public sealed class FixedSchemaIds : ISchemaIds
{
    private readonly ConcurrentDictionary<int, Schema> _schemas = new();

    /// <summary>Adds a schema.</summary>
    /// <param name="id">Its id, not negative.</param>
    /// <param name="schema">The schema.</param>
    /// <exception cref="ArgumentException">The id has another schema.</exception>
    public FixedSchemaIds Add(int id, Schema schema)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        if (!_schemas.GetOrAdd(id, schema).Equals(schema))
            throw new ArgumentException($"The id {id} already has another schema.", nameof(id));
        return this;
    }

    /// <inheritdoc/>
    public int GetId(string subject, Schema schema)
    {
        foreach (var (id, known) in _schemas)
        {
            if (known.Equals(schema))
                return id;
        }

        throw new Serialization.SerdeException($"The schema {schema.Fullname} of {subject} has no id. Add it to the table of schema ids.");
    }

    /// <inheritdoc/>
    public bool TryGetSchema(int id, [NotNullWhen(true)] out Schema? schema) => _schemas.TryGetValue(id, out schema);
}
