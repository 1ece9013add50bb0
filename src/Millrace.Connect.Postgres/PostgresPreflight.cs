using Millrace.Connect.Configuration;
using Millrace.Connect.Postgres.Catalog;
using Millrace.Connect.Postgres.Configuration;
using Millrace.Connect.Postgres.Replication;
using Npgsql;

namespace Millrace.Connect.Postgres;

/// <summary>Looks for everything that would stop the connector, and says what to do about each.</summary>
internal static class PostgresPreflight
{
    /// <summary>Opens a connection.</summary>
    /// <exception cref="ConnectException">It cannot be opened; the message says why.</exception>
    internal static async Task<NpgsqlConnection> OpenAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(options.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch (NpgsqlException e)
        {
            await connection.DisposeAsync();
            throw Explain(e, new NpgsqlConnectionStringBuilder(options.ConnectionString));
        }
    }

    /// <summary>The problems of a configuration with its database, each under the key that it concerns.</summary>
    internal static async Task<List<(string Key, string Problem)>> CheckAsync(NpgsqlConnection connection, PostgresOptions options, CancellationToken cancellationToken)
    {
        var problems = new List<(string, string)>();
        if (connection.PostgreSqlVersion.Major < 10) problems.Add(("database.hostname", $"PostgreSQL {connection.PostgreSqlVersion} has no pgoutput; version 10 or later is needed."));
        if (await TextAsync("SHOW wal_level") is var level && level != "logical")
            problems.Add(("database.hostname", $"Logical decoding needs wal_level=logical, but the server has wal_level={level}. Set it (ALTER SYSTEM SET wal_level = logical) and restart PostgreSQL."));
        if (await TextAsync("SELECT (rolsuper OR rolreplication)::text FROM pg_catalog.pg_roles WHERE rolname = current_user") is not "true"
            && await TextAsync("SELECT bool_or(pg_catalog.pg_has_role(current_user, oid, 'MEMBER'))::text FROM pg_catalog.pg_roles WHERE rolname IN ('rds_replication', 'cloudsqlreplica', 'azure_pg_admin')") is not "true")
            problems.Add(("database.user", $"The user {connection.UserName} may not replicate. Grant it: ALTER ROLE {TableId.Quote(connection.UserName ?? "")} REPLICATION."));
        var tables = await CapturedAsync(connection, options, cancellationToken);
        foreach (var pattern in options.Tables.Unmatched(tables))
            problems.Add(("table.include.list", await NotCapturableAsync(connection, pattern, options, cancellationToken)));
        foreach (var table in tables)
        {
            if (await TextAsync($"SELECT pg_catalog.has_table_privilege('{table.Sql.Replace("'", "''", StringComparison.Ordinal)}', 'SELECT')::text") is not "true")
                problems.Add(("database.user", $"The user {connection.UserName} may not read {table}. Grant it: GRANT SELECT ON {table.Sql} TO {TableId.Quote(connection.UserName ?? "")}."));
        }

        if (options.PublicationMode == "disabled" && await Publications.FindAsync(connection, options.PublicationName, cancellationToken) is null)
            problems.Add(("publication.name", Publications.Missing(options).Message));
        problems.AddRange((await Publications.ProblemsAsync(connection, options, tables, cancellationToken)).Select(static p => ("publication.name", p)));
        if (await Slots.FindAsync(connection, options.SlotName, cancellationToken) is { } slot && (slot.Plugin != "pgoutput" || slot.Database != options.Database))
            problems.Add(("slot.name", $"The replication slot \"{options.SlotName}\" exists with plug-in \"{slot.Plugin}\" for database \"{slot.Database}\", not pgoutput for \"{options.Database}\". Set another slot.name, or drop it: SELECT pg_drop_replication_slot('{options.SlotName}')."));
        return problems;

        async Task<string?> TextAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync(cancellationToken) as string;
        }
    }

    // A name that is there, but of something whose rows are not in the WAL under it.
    private static async Task<string> NotCapturableAsync(NpgsqlConnection connection, string pattern, PostgresOptions options, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            SELECT CASE WHEN c.relkind = 'p' THEN 'p' WHEN c.relpersistence <> 'p' THEN 'u' ELSE c.relkind::text END FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE lower(n.nspname || '.' || c.relname) = lower($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') LIMIT 1
            """, connection);
        command.Parameters.Add(new() { Value = pattern });
        return (await command.ExecuteScalarAsync(cancellationToken) as string) switch
        {
            null => $"The table \"{pattern}\" does not exist in database {options.Database}. Create it first, or correct the name (schema.table).",
            "p" => $"The table \"{pattern}\" is partitioned, and its rows are captured under the names of its partitions. List those, for instance by an expression: {pattern}_.*",
            "u" => $"The table \"{pattern}\" is unlogged or temporary: PostgreSQL does not log its changes. ALTER TABLE {pattern} SET LOGGED, or leave it out.",
            _ => $"\"{pattern}\" is a view or a foreign table, which has no changes of its own. List the tables behind it.",
        };
    }

    internal static async Task<List<TableId>> CapturedAsync(NpgsqlConnection connection, PostgresOptions options, CancellationToken cancellationToken) =>
        [.. (await new CatalogReader(connection).TablesAsync(cancellationToken)).Select(t => t.Id).Where(options.Tables.Includes)];

    /// <summary>Sets replica identities as <c>replica.identity.autoset.values</c> asks.</summary>
    internal static async Task SetReplicaIdentitiesAsync(NpgsqlConnection connection, PostgresOptions options, IReadOnlyList<TableId> tables, CancellationToken cancellationToken)
    {
        foreach (var rule in options.ReplicaIdentities)
        {
            var colon = rule.LastIndexOf(':');
            var identity = rule[(colon + 1)..].Trim().ToUpperInvariant();
            if (colon <= 0 || identity is not ("DEFAULT" or "FULL" or "NOTHING")) throw new ConfigException($"replica.identity.autoset.values: \"{rule}\" is not of the form pattern:DEFAULT, pattern:FULL or pattern:NOTHING.");
            var pattern = TableFilter.Compile(rule[..colon].Trim());
            foreach (var table in tables.Where(t => pattern.IsMatch(t.ToString())))
            {
                await using var command = new NpgsqlCommand($"ALTER TABLE {table.Sql} REPLICA IDENTITY {identity}", connection);
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }
    }

    /// <summary>What ended a connection that was open, or that for replication; a person needs no stack trace for it.</summary>
    internal static ConnectException Explain(NpgsqlException e, PostgresOptions options)
    {
        var target = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        return e switch
        {
            PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } p when p.MessageText.Contains("max_wal_senders", StringComparison.Ordinal) => new ConnectException(
                $"PostgreSQL at {target.Host}:{target.Port} has no connection for replication left ({p.MessageText}). Raise max_wal_senders (one for each connector and standby) and restart PostgreSQL, or stop another reader.", e),
            PostgresException { SqlState: PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } => Explain(e, target),
            PostgresException p => new ConnectException($"PostgreSQL at {target.Host}:{target.Port} has ended the work of slot \"{options.SlotName}\": {p.MessageText} ({p.SqlState}){(p.Hint is null ? "" : " " + p.Hint)}", e),
            { InnerException: System.Net.Sockets.SocketException } => Explain(e, target),
            _ => new ConnectException($"The connection to PostgreSQL at {target.Host}:{target.Port} was lost: {e.Message}", e),
        };
    }

    // Asks the configuration, not the connection, where it was to go: one that never opened may have forgotten it.
    private static ConnectException Explain(NpgsqlException e, NpgsqlConnectionStringBuilder target)
    {
        var where = $"{target.Host}:{target.Port}";
        if (e.Message.StartsWith("No password has been provided", StringComparison.Ordinal))
            return new ConnectException($"PostgreSQL at {where} asks for the password of the user {target.Username}, and none is given. Set database.password (${{env:NAME}} keeps it out of the configuration), or give the worker --override database.password=…", e);
        return e is not PostgresException p
            ? new ConnectException($"PostgreSQL at {where} cannot be reached: {e.Message.TrimEnd('.')}. Check database.hostname and database.port, or give the worker --override database.hostname=…; the server must listen there.", e)
            : p.SqlState switch
            {
                PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
                    new ConnectException($"PostgreSQL at {where} refuses the user {target.Username}: {p.MessageText}. Check database.user, database.password and pg_hba.conf.", e),
                PostgresErrorCodes.InvalidCatalogName => new ConnectException($"PostgreSQL at {where} has no database \"{target.Database}\". Check database.dbname.", e),
                PostgresErrorCodes.TooManyConnections => new ConnectException($"PostgreSQL at {where} has no connection left ({p.MessageText}). Raise max_connections; a connector needs three.", e),
                _ => new ConnectException($"PostgreSQL at {where} refuses the connection: {p.MessageText} ({p.SqlState}).", e),
            };
    }
}
