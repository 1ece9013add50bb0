using System.Globalization;
using Millrace.Connect.Configuration;

namespace Millrace.Connect.Postgres.Configuration;

/// <summary>
/// The keys of Debezium's PostgreSQL connector: those that work, those that are accepted because there is nothing to do, and those that are refused
/// by name until they work.
/// </summary>
internal static class PostgresConfigDefinition
{
    internal static ConfigDefinition Create()
    {
        var definition = new ConfigDefinition();
        Connection(definition);
        Capture(definition);
        Values(definition);
        Running(definition);
        Accepted(definition);
        Refused(definition);
        return definition;
    }

    private static void Connection(ConfigDefinition d)
    {
        const string Group = "Postgres";
        d.Define(new("database.hostname", ConfigType.String, "Resolvable hostname or IP address of the database server.") { Required = true, Importance = Importance.High, Group = Group })
            .Define(new("database.port", ConfigType.Int, "Port of the database server.") { Default = "5432", Minimum = 1, Validator = static v => int.Parse(v, CultureInfo.InvariantCulture) <= 65535 ? null : "Value must be at most 65535", Importance = Importance.High, Group = Group })
            .Define(new("database.user", ConfigType.String, "Name of the database user.") { Required = true, Importance = Importance.High, Group = Group })
            .Define(new("database.password", ConfigType.Password, "Password of the database user.") { Importance = Importance.High, Group = Group })
            .Define(new("database.dbname", ConfigType.String, "The name of the database.") { Required = true, Importance = Importance.High, Group = Group })
            .Define(new("database.sslmode", ConfigType.String, "Whether to use TLS.") { Default = "prefer", Allowed = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"], Group = Group })
            .Define(new("database.sslrootcert", ConfigType.String, "File with the authority's certificates (PEM).") { Group = Group })
            .Define(new("database.sslcert", ConfigType.String, "File with the client's certificate (PEM).") { Group = Group })
            .Define(new("database.sslkey", ConfigType.String, "File with the client's key (PEM).") { Group = Group })
            .Define(new("database.sslpassword", ConfigType.Password, "Password of that file.") { Group = Group });
    }

    private static void Capture(ConfigDefinition d)
    {
        const string Group = "Capture";
        d.Define(new("topic.prefix", ConfigType.String, "First part of all topics' names, and the name of this source in every event.")
        {
            Required = true,
            Importance = Importance.High,
            Group = Group,
            Validator = static v => v.Length > 0 && v.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') ? null : "only letters, digits, '.', '_' and '-' are allowed",
        })
            .Define(new("plugin.name", ConfigType.String, "The logical decoding plug-in.") { Default = "pgoutput", Allowed = ["pgoutput"], Group = Group })
            .Define(new("slot.name", ConfigType.String, "The replication slot; made if it does not exist.")
            {
                Default = "debezium",
                Group = Group,
                Validator = static v => v.Length is > 0 and <= 63 && v.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_') ? null : "only lower-case letters, digits and '_' are allowed, at most 63",
            })
            .Define(new("publication.name", ConfigType.String, "The publication.") { Default = "dbz_publication", Group = Group })
            .Define(new("publication.autocreate.mode", ConfigType.String, "Which publication to make if there is none.") { Default = "all_tables", Allowed = ["all_tables", "disabled", "filtered", "no_tables"], Group = Group })
            .Define(new("replica.identity.autoset.values", ConfigType.List, "Sets the replica identity of tables: pattern:DEFAULT, pattern:FULL.") { Group = Group })
            .Define(new("snapshot.mode", ConfigType.String, "What to read before streaming.")
            {
                Default = "initial",
                Allowed = ["always", "initial", "initial_only", "no_data", "schema_only", "never", "when_needed"],
                Group = Group,
            })
            .Define(new("offset.mismatch.strategy", ConfigType.String, "What to do when the slot cannot continue where the stored position ends: fail, or trust_slot to accept the gap.")
            {
                Default = "fail",
                Allowed = ["fail", "trust_slot"],
                Group = Group,
            })
            .Define(new("message.key.columns", ConfigType.String, "Columns for the key by table: schema.table:col1,col2;…") { Group = Group, Validator = KeyColumns.Validate });
        foreach (var what in (string[])["table", "schema"])
        {
            foreach (var how in (string[])["include", "exclude"])
                d.Define(new($"{what}.{how}.list", ConfigType.List, $"Regular expressions of {what}s to {how}, matched against the whole name without case.") { Group = Group, Validator = TableFilter.Validate });
            d.DefineRule($"{what}.exclude.list", c => c.GetList(what + ".include.list").Count > 0 && c.GetList(what + ".exclude.list").Count > 0
                ? $"\"{what}.include.list\" and \"{what}.exclude.list\" cannot both be given; keep one."
                : null);
        }
    }

    private static void Values(ConfigDefinition d)
    {
        const string Group = "Values";
        d.Define(new("decimal.handling.mode", ConfigType.String, "Form of numeric: string (readable), precise (bytes) or double.") { Default = "string", Allowed = ["precise", "double", "string"], Group = Group })
            .Define(new("time.precision.mode", ConfigType.String, "Form of dates and times.") { Default = "adaptive", Allowed = ["adaptive", "adaptive_time_microseconds", "connect", "isostring"], Group = Group })
            .Define(new("binary.handling.mode", ConfigType.String, "Form of bytea.") { Default = "bytes", Allowed = ["bytes", "base64", "base64-url-safe", "hex"], Group = Group })
            .Define(new("interval.handling.mode", ConfigType.String, "Form of intervals.") { Default = "numeric", Allowed = ["numeric", "string"], Group = Group })
            .Define(new("money.fraction.digits", ConfigType.Int, "Decimal digits of money.") { Default = "2", Minimum = 0, Group = Group })
            .Define(new("unavailable.value.placeholder", ConfigType.String, "Stands for a TOASTed value that an update did not change.") { Default = "__debezium_unavailable_value", Group = Group })
            .Define(new("tombstones.on.delete", ConfigType.Boolean, "Follow a delete event by a tombstone.") { Default = "true", Group = Group })
            .Define(new("skipped.operations", ConfigType.List, "Operations that are not emitted: c, u, d, t, none.") { Default = "t", Group = Group, Validator = static v => v.Split(',').All(o => o.Trim() is "c" or "u" or "d" or "t" or "none") ? null : "only c, u, d, t or none" });
    }

    private static void Running(ConfigDefinition d)
    {
        const string Group = "Running";
        d.Define(new("heartbeat.interval.ms", ConfigType.Long, "How often a quiet database gets a logical message that moves the slot; 0 for never.") { Default = "10000", Minimum = 0, Group = Group })
            .Define(new("topic.heartbeat.prefix", ConfigType.String, "First part of the topic for heartbeats, written when heartbeat.interval.ms is given.") { Default = "__debezium-heartbeat", Group = Group })
            .Define(new("max.batch.size", ConfigType.Int, "Most events in one batch.") { Default = "2048", Minimum = 1, Group = Group })
            .Define(new("max.queue.size", ConfigType.Int, "Most events between the database and Kafka.") { Default = "8192", Minimum = 1, Group = Group })
            .Define(new("max.queue.size.in.bytes", ConfigType.Long, "Most bytes of row data between the database and Kafka; 0 means 64 MiB.") { Default = "0", Minimum = 0, Group = Group })
            .Define(new("status.update.interval.ms", ConfigType.Int, "How often the position is confirmed to the server.") { Default = "10000", Minimum = 100, Group = Group })
            .Define(new("slot.max.retries", ConfigType.Int, "How often to try a slot that another connection holds.") { Default = "6", Minimum = 0, Group = Group })
            .Define(new("slot.retry.delay.ms", ConfigType.Int, "Wait between those tries (Debezium: 10000).") { Default = "1000", Minimum = 1, Group = Group });
    }

    private static void Accepted(ConfigDefinition d)
    {
        void Note(string name, string note) => d.Define(new(name, ConfigType.String, "Accepted: " + note + ".") { Note = note, Importance = Importance.Low });
        Note("snapshot.fetch.size", "the snapshot streams by COPY, with flat memory at any size");
        Note("snapshot.locking.mode", "the snapshot takes no locks beyond those of reading");
        Note("snapshot.isolation.mode", "the snapshot is a repeatable-read transaction on the slot's exported snapshot");
        Note("snapshot.lock.timeout.ms", "the snapshot takes no locks");
        Note("poll.interval.ms", "events are pushed, nothing polls");
        Note("database.tcpKeepAlive", "always on");
        Note("errors.max.retries", "a failed task restarts by itself (worker: restart.failed.tasks)");
        Note("retriable.restart.connector.wait.ms", "a failed task restarts by itself (worker: restart.failed.tasks)");
        Note("include.unknown.datatypes", "values of every type are always included, as text where there is no better form");
        Note("schema.refresh.mode", "schemas come with the stream");
        Note("schema.name.adjustment.mode", "schema names are not changed");
        Note("field.name.adjustment.mode", "field names are not changed");
    }

    private static void Refused(ConfigDefinition d)
    {
        void No(string name, string? value, string reason) => d.Define(new(name, ConfigType.String, "Debezium's key.") { Default = value, Unsupported = reason, Importance = Importance.Low });
        No("provide.transaction.metadata", "false", "the transaction topic comes later; every event has its transaction in source.txId");
        No("heartbeat.action.query", null, "heartbeats are logical messages and need no table");
        No("xmin.fetch.interval.ms", "0", "source.xmin is always null");
        No("slot.drop.on.stop", "false", "a dropped slot loses changes; drop it by pg_drop_replication_slot when the connector is deleted");
        No("slot.failover", "false", "failover slots come later");
        No("slot.stream.params", null, "pgoutput takes no such parameters");
        No("lsn.flush.mode", "connector", "positions are confirmed after Kafka's commit only");
        No("publish.via.partition.root", "false", "changes are published under the partition's own name");
        No("hstore.handling.mode", "json", "hstore arrives as text");
        No("snapshot.max.threads", "1", "one connection reads the snapshot");
        No("snapshot.include.collection.list", null, "the snapshot has all captured tables");
        No("snapshot.select.statement.overrides", null, "the snapshot has all rows");
        No("skip.messages.without.change", "false", "all changes are emitted");
        No("read.only", "false", "no signals, hence nothing to switch off");
        No("event.processing.failure.handling.mode", "fail", "an event that cannot be processed stops the task");
        No("converters", null, "custom converters are Java classes");
        No("sanitize.field.names", "false", "field names are not changed");
        No("topic.naming.strategy", "io.debezium.schema.SchemaTopicNamingStrategy", "rename topics by a transform");
        No("topic.delimiter", ".", "rename topics by a transform");
        No("topic.transaction", "transaction", "the transaction topic comes later");
        No("database.initial.statements", null, "set such things for the role by ALTER ROLE … SET");
        d.DefinePattern("column\\..+", "filters, masks and truncation of columns come later")
            .DefinePattern("signal\\..+|incremental\\.snapshot\\..+", "signals and incremental snapshots come later")
            .DefinePattern("notification\\..+", "notifications come later")
            .DefinePattern("logical\\.decoding\\.message\\.prefix\\..+", "logical messages of applications are not captured yet")
            .DefinePattern("snapshot\\.mode\\.configuration\\.based\\..+|snapshot\\.select\\.statement\\.overrides\\..+", "custom snapshots come later")
            .DefinePattern("snapshot\\.delay\\.ms|streaming\\.delay\\.ms", "nothing is delayed")
            .DefinePattern("openlineage\\..+", "OpenLineage comes later");
    }
}
