namespace Millrace.Connect.Postgres.Catalog;

/// <summary>A table's name.</summary>
internal readonly record struct TableId(string Schema, string Name)
{
    /// <summary>Quoted, for SQL.</summary>
    internal string Sql => $"{Quote(Schema)}.{Quote(Name)}";

    public override string ToString() => $"{Schema}.{Name}";

    internal static string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

/// <summary>A column as a Relation message or the catalogue describes it.</summary>
internal sealed record ColumnInfo(string Name, uint TypeOid, int Modifier, bool IsIdentity, bool NotNull);

/// <summary>A type of pg_type.</summary>
internal sealed record TypeInfo(uint Oid, string Name, char Kind, uint BaseType, int Modifier, uint Element, IReadOnlyList<string> Labels);

/// <summary>A table, described enough to make events of its rows.</summary>
internal sealed record TableInfo(TableId Id, uint Oid, char ReplicaIdentity, IReadOnlyList<ColumnInfo> Columns, IReadOnlyList<string> KeyColumns);
