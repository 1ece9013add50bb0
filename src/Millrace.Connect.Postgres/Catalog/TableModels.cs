using Millrace.Connect.Postgres.Configuration;
using Millrace.Connect.Postgres.Events;
using Millrace.Connect.Postgres.Replication;
using Millrace.Connect.Postgres.Types;
using Npgsql;

namespace Millrace.Connect.Postgres.Catalog;

/// <summary>Makes <see cref="TableModel"/>s from the catalogue and from Relation messages.</summary>
internal sealed class TableModels(PostgresOptions options)
{
    private readonly TypeMapping _mapping = new(options);
    private readonly Dictionary<uint, TypeInfo> _types = [];

    internal async Task<TableModel> FromCatalogAsync(CatalogReader catalog, TableId id, uint oid, char identity, CancellationToken cancellationToken)
    {
        var columns = await catalog.ColumnsAsync(oid, cancellationToken);
        return await BuildAsync(catalog, new TableInfo(id, oid, identity, columns, await catalog.KeyAsync(oid, cancellationToken)), cancellationToken);
    }

    /// <summary>The columns are the message's, as they were when the rows were written; the rest is the catalogue's of now.</summary>
    internal async Task<TableModel> FromRelationAsync(NpgsqlConnection connection, RelationMessage relation, CancellationToken cancellationToken)
    {
        // A type may have been altered since (new enum labels), and a Relation message says that something did change.
        _types.Clear();
        var catalog = new CatalogReader(connection);
        var known = (await catalog.ColumnsAsync(relation.Oid, cancellationToken)).ToDictionary(c => c.Name, StringComparer.Ordinal);
        var columns = relation.Columns.Select(c => c with { NotNull = known.TryGetValue(c.Name, out var k) && k.NotNull }).ToList();
        var key = (await catalog.KeyAsync(relation.Oid, cancellationToken)).Where(k => columns.Exists(c => c.Name == k)).ToList();
        // Under the default identity the message marks the primary key as it was when the rows were written: it wins where the catalogue has changed since (a renamed
        // column, another key, a table that is gone). Of a table that is gone any identity is what is left of its key.
        var marked = columns.Where(c => c.IsIdentity).Select(c => c.Name).ToList();
        if ((relation.ReplicaIdentity == 'd' && marked.Count > 0 && !key.ToHashSet(StringComparer.Ordinal).SetEquals(marked))
            || (key.Count == 0 && known.Count == 0 && relation.ReplicaIdentity != 'f')) key = marked;
        return await BuildAsync(catalog, new TableInfo(relation.Id, relation.Oid, relation.ReplicaIdentity, columns, key), cancellationToken);
    }

    private async Task<TableModel> BuildAsync(CatalogReader catalog, TableInfo table, CancellationToken cancellationToken)
    {
        var readers = new List<ValueReader>(table.Columns.Count);
        foreach (var column in table.Columns) readers.Add(await ReaderAsync(catalog, column.TypeOid, column.Modifier, cancellationToken));
        return new TableModel(table, readers, options, EventSchemas.Source);
    }

    private async Task<ValueReader> ReaderAsync(CatalogReader catalog, uint oid, int modifier, CancellationToken cancellationToken)
    {
        if (!_types.TryGetValue(oid, out var type))
            _types[oid] = type = await catalog.TypeAsync(oid, cancellationToken) ?? new TypeInfo(oid, "unknown", 'b', 0, -1, 0, []);
        if (type.Kind == 'd') return await ReaderAsync(catalog, type.BaseType, modifier >= 0 ? modifier : type.Modifier, cancellationToken);
        var element = type.Element == 0 ? null : await ReaderAsync(catalog, type.Element, modifier, cancellationToken);
        return _mapping.For(type, modifier, element);
    }
}
