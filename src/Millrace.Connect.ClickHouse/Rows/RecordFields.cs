using Millrace.Connect.Data;

namespace Millrace.Connect.ClickHouse;

/// <summary>Reads fields of a value with a schema (<see cref="Struct"/>) and of one without (a dictionary) in the same way.</summary>
internal static class RecordFields
{
    internal static bool IsRecord(object? value) => value is Struct or IReadOnlyDictionary<string, object?>;

    internal static bool TryGet(object? record, string name, out object? value, out ConnectSchema? schema)
    {
        schema = null;
        switch (record)
        {
            case Struct structure:
                schema = structure.Schema.Field(name)?.Schema;
                return structure.TryGet(name, out value);
            case IReadOnlyDictionary<string, object?> map:
                return map.TryGetValue(name, out value);
            default:
                value = null;
                return false;
        }
    }

    internal static IEnumerable<(string Name, object? Value, ConnectSchema? Schema)> All(object? record) => record switch
    {
        Struct structure => structure.Schema.Fields.Select(field => (field.Name, structure[field.Name], (ConnectSchema?)field.Schema)),
        IReadOnlyDictionary<string, object?> map => map.Select(static pair => (pair.Key, pair.Value, (ConnectSchema?)null)),
        _ => [],
    };
}
