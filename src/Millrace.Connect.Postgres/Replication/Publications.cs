using Millrace.Connect.Postgres.Catalog;
using Millrace.Connect.Postgres.Configuration;
using Npgsql;

namespace Millrace.Connect.Postgres.Replication;

/// <summary>Makes and checks the publication.</summary>
internal static class Publications
{
    internal static async Task EnsureAsync(NpgsqlConnection connection, PostgresOptions options, IReadOnlyList<TableId> tables, CancellationToken cancellationToken)
    {
        var name = TableId.Quote(options.PublicationName);
        var list = string.Join(", ", tables.Select(t => t.Sql));
        var existing = await FindAsync(connection, options.PublicationName, cancellationToken);
        if (existing is null)
        {
            var sql = options.PublicationMode switch
            {
                "all_tables" => $"CREATE PUBLICATION {name} FOR ALL TABLES",
                "no_tables" => $"CREATE PUBLICATION {name}",
                "filtered" when tables.Count > 0 => $"CREATE PUBLICATION {name} FOR TABLE {list}",
                "filtered" => throw new ConfigException("publication.autocreate.mode=filtered, but no table matches the include and exclude lists."),
                _ => throw Missing(options),
            };
            await ExecuteAsync(connection, sql, options, cancellationToken);
            return;
        }

        if (existing is true) return;
        var published = await TablesAsync(connection, options.PublicationName, cancellationToken);
        var absent = tables.Where(t => !published.Contains(t)).ToList();
        if (options.PublicationMode == "filtered")
        {
            if (absent.Count > 0 || published.Count != tables.Count) await ExecuteAsync(connection, $"ALTER PUBLICATION {name} SET TABLE {list}", options, cancellationToken);
        }
        else if (absent.Count > 0 && options.PublicationMode != "no_tables")
        {
            throw new ConfigException(
                $"The publication \"{options.PublicationName}\" exists but does not publish {string.Join(", ", absent)}: their changes would never arrive. "
                + $"Add them (ALTER PUBLICATION {name} ADD TABLE {string.Join(", ", absent.Select(t => t.Sql))}), set publication.autocreate.mode=filtered, or leave them out of table.include.list.");
        }
    }

    /// <summary>What an existing publication leaves out that would be missed without a word.</summary>
    internal static async Task<List<string>> ProblemsAsync(NpgsqlConnection connection, PostgresOptions options, IReadOnlyList<TableId> tables, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        // Truncates are published since PostgreSQL 11, roots since 13.
        var version = connection.PostgreSqlVersion.Major;
        await using var command = new NpgsqlCommand(
            $"SELECT pubinsert, pubupdate, pubdelete, {(version >= 11 ? "pubtruncate" : "true")}, {(version >= 13 ? "pubviaroot" : "false")} FROM pg_catalog.pg_publication WHERE pubname = $1", connection);
        command.Parameters.Add(new() { Value = options.PublicationName });
        var viaRoot = false;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (!await reader.ReadAsync(cancellationToken)) return problems;
            (string Name, string Letter, bool Published, bool Skipped)[] operations =
            [
                ("insert", "c", reader.GetBoolean(0), options.SkipCreate), ("update", "u", reader.GetBoolean(1), options.SkipUpdate),
                ("delete", "d", reader.GetBoolean(2), options.SkipDelete), ("truncate", "t", reader.GetBoolean(3), options.SkipTruncate),
            ];
            var missed = Array.FindAll(operations, static o => !o.Published && !o.Skipped);
            if (missed.Length > 0)
            {
                problems.Add(
                    $"The publication \"{options.PublicationName}\" does not publish {string.Join(" and ", missed.Select(static o => o.Name))}: such changes would never arrive. "
                    + $"ALTER PUBLICATION {TableId.Quote(options.PublicationName)} SET (publish = 'insert, update, delete, truncate'), or say that they are not wanted: skipped.operations={string.Join(',', operations.Where(static o => o.Skipped || !o.Published).Select(static o => o.Letter))}");
            }

            viaRoot = reader.GetBoolean(4);
        }

        if (viaRoot && await PartitionAsync(connection, tables, cancellationToken) is { } partition)
        {
            problems.Add(
                $"The publication \"{options.PublicationName}\" publishes changes of partitions under their root (publish_via_partition_root), but {partition} is captured under its own name: its changes would never arrive. "
                + $"ALTER PUBLICATION {TableId.Quote(options.PublicationName)} SET (publish_via_partition_root = false), or name another publication.");
        }

        return problems;
    }

    private static async Task<TableId?> PartitionAsync(NpgsqlConnection connection, IReadOnlyList<TableId> tables, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relispartition AND c.relkind = 'r'", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (new TableId(reader.GetString(0), reader.GetString(1)) is var table && tables.Contains(table)) return table;
        }

        return null;
    }

    internal static ConfigException Missing(PostgresOptions options) => new(
        $"The publication \"{options.PublicationName}\" does not exist and publication.autocreate.mode=disabled. Create it (CREATE PUBLICATION {TableId.Quote(options.PublicationName)} FOR TABLE …) or set publication.autocreate.mode=filtered.");

    /// <summary>Null if there is none, true if it publishes all tables.</summary>
    internal static async Task<bool?> FindAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT puballtables FROM pg_catalog.pg_publication WHERE pubname = $1", connection);
        command.Parameters.Add(new() { Value = name });
        return await command.ExecuteScalarAsync(cancellationToken) as bool?;
    }

    private static async Task<HashSet<TableId>> TablesAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT schemaname, tablename FROM pg_catalog.pg_publication_tables WHERE pubname = $1", connection);
        command.Parameters.Add(new() { Value = name });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var result = new HashSet<TableId>();
        while (await reader.ReadAsync(cancellationToken)) result.Add(new(reader.GetString(0), reader.GetString(1)));
        return result;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, PostgresOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            var advice = options.PublicationMode == "all_tables" ? "A publication for all tables needs a superuser: set publication.autocreate.mode=filtered" : "The user must own the tables and may CREATE in the database";
            throw new ConfigException($"The publication could not be made by \"{sql}\": {e.MessageText}. {advice}, or have it made by an administrator and set publication.autocreate.mode=disabled.", e);
        }
    }
}
