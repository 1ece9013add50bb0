using Npgsql;
using NpgsqlTypes;

namespace Millrace.Connect.Postgres.Catalog;

/// <summary>Reads tables and types from PostgreSQL's catalogue.</summary>
internal sealed class CatalogReader(NpgsqlConnection connection, NpgsqlTransaction? transaction = null)
{
    internal async Task<List<(TableId Id, uint Oid, char Identity)>> TablesAsync(CancellationToken cancellationToken)
    {
        await using var command = Command("""
            SELECT n.nspname, c.relname, c.oid, c.relreplident FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND c.relpersistence = 'p' ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var result = new List<(TableId, uint, char)>();
        while (await reader.ReadAsync(cancellationToken)) result.Add((new(reader.GetString(0), reader.GetString(1)), reader.GetFieldValue<uint>(2), reader.GetChar(3)));
        return result;
    }

    /// <summary>The columns that the stream delivers too: not dropped, not generated.</summary>
    internal async Task<IReadOnlyList<ColumnInfo>> ColumnsAsync(uint table, CancellationToken cancellationToken)
    {
        await using var command = Command("""
            SELECT attname, atttypid, atttypmod, attnotnull FROM pg_catalog.pg_attribute
            WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
            """);
        command.Parameters.Add(new() { Value = table, NpgsqlDbType = NpgsqlDbType.Oid });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var result = new List<ColumnInfo>();
        while (await reader.ReadAsync(cancellationToken))
            result.Add(new(reader.GetString(0), reader.GetFieldValue<uint>(1), reader.GetInt32(2), IsIdentity: false, reader.GetBoolean(3)));
        return result;
    }

    /// <summary>The columns of the primary key, or else of a unique index that identifies every row.</summary>
    internal async Task<IReadOnlyList<string>> KeyAsync(uint table, CancellationToken cancellationToken)
    {
        await using var command = Command("""
            SELECT array_agg(a.attname::text ORDER BY k.position) FROM pg_catalog.pg_index i
            CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND k.position <= i.indnkeyatts
            GROUP BY i.indexrelid, i.indisprimary HAVING bool_and(a.attnotnull) ORDER BY i.indisprimary DESC, i.indexrelid LIMIT 1
            """);
        command.Parameters.Add(new() { Value = table, NpgsqlDbType = NpgsqlDbType.Oid });
        return await command.ExecuteScalarAsync(cancellationToken) as string[] ?? [];
    }

    internal async Task<TypeInfo?> TypeAsync(uint oid, CancellationToken cancellationToken)
    {
        await using var command = Command("""
            SELECT t.typname, t.typtype, t.typbasetype, t.typtypmod, CASE WHEN t.typlen = -1 AND t.typcategory = 'A' THEN t.typelem ELSE 0::oid END,
                   ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)
            FROM pg_catalog.pg_type t WHERE t.oid = $1
            """);
        command.Parameters.Add(new() { Value = oid, NpgsqlDbType = NpgsqlDbType.Oid });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) return null;
        return new(oid, reader.GetString(0), reader.GetChar(1), reader.GetFieldValue<uint>(2), reader.GetInt32(3), reader.GetFieldValue<uint>(4), reader.GetFieldValue<string[]>(5));
    }

    private NpgsqlCommand Command(string sql) => new(sql, connection, transaction);
}
