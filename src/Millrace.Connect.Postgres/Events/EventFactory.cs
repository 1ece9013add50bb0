using System.Globalization;
using Millrace.Connect.Data;
using Millrace.Connect.Postgres.Configuration;

namespace Millrace.Connect.Postgres.Events;

/// <summary>Where an event comes from; fills the envelope's source block.</summary>
internal readonly record struct EventSource(string Snapshot, ulong Lsn, ulong LastCommitLsn, uint TransactionId, long Micros, string? Origin, string Position);

/// <summary>Makes Debezium's change events.</summary>
internal sealed class EventFactory(PostgresOptions options, TimeProvider time)
{
    /// <summary>The header that identifies a change for ever: commit LSN and number in the transaction. Tools drop duplicates by it.</summary>
    internal const string PositionHeader = "__millrace.position";

    private static readonly string Version = typeof(EventFactory).Assembly.GetName().Version!.ToString(3);
    private readonly Dictionary<string, object?> _partition = new(StringComparer.Ordinal) { ["server"] = options.Prefix };

    internal IReadOnlyDictionary<string, object?> Partition => _partition;

    internal void Row(List<SourceRecord> to, TableModel table, char operation, Struct? before, Struct? after, in EventSource source, PostgresOffset offset)
    {
        var changesKey = operation == 'u' && before is not null && after is not null && table.KeySchema is not null && !table.SameKey(before, after);
        if (changesKey)
        {
            // Debezium's form of a changed key: the old key is deleted and the new one created, each naming the other.
            if (options.SkipUpdate) return;
            var (oldKey, newKey) = (table.Key(before), table.Key(after));
            to.Add(Event(table, oldKey, 'd', before, null, source, offset, source.Position, new("__debezium.newkey", table.KeySchema, newKey)));
            if (options.Tombstones) to.Add(Tombstone(table, oldKey, offset, source.Position + ".1", new("__debezium.newkey", table.KeySchema, newKey)));
            to.Add(Event(table, newKey, 'c', null, after, source, offset, source.Position + ".2", new("__debezium.oldkey", table.KeySchema, oldKey)));
            return;
        }

        switch (operation)
        {
            case 'c' when options.SkipCreate:
            case 'u' when options.SkipUpdate:
            case 'd' when options.SkipDelete:
                return;
        }

        // Under the default identity an update carries the old row only if its key changed: then before is null, as in Debezium.
        var key = table.Key(after ?? before);
        to.Add(Event(table, key, operation, before, after, source, offset, source.Position, null));
        if (operation == 'd' && options.Tombstones && key is not null) to.Add(Tombstone(table, key, offset, source.Position + ".1", null));
    }

    internal SourceRecord Truncate(TableModel table, in EventSource source, PostgresOffset offset) => Event(table, null, 't', null, null, source, offset, source.Position, null);

    internal SourceRecord Heartbeat(PostgresOffset offset)
    {
        var value = new Struct(EventSchemas.Heartbeat, [time.GetUtcNow().ToUnixTimeMilliseconds()]);
        return new()
        {
            Topic = options.HeartbeatTopic!,
            KeySchema = EventSchemas.HeartbeatKey,
            Key = new Struct(EventSchemas.HeartbeatKey, [options.Prefix]),
            ValueSchema = EventSchemas.Heartbeat,
            Value = value,
            SourcePartition = _partition,
            SourceOffset = offset,
        };
    }

    private SourceRecord Event(TableModel table, Struct? key, char operation, Struct? before, Struct? after, in EventSource source, PostgresOffset offset, string position, ConnectHeader? header)
    {
        var now = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks;
        return new()
        {
            Topic = table.Topic,
            KeySchema = key?.Schema,
            Key = key,
            ValueSchema = table.Envelope,
            Value = new Struct(table.Envelope, [before, after, Source(table, source), null, Operation(operation), now / 10_000, now / 10, now * 100]),
            Headers = Headers(header, position),
            SourcePartition = _partition,
            SourceOffset = offset,
        };
    }

    private SourceRecord Tombstone(TableModel table, Struct? key, PostgresOffset offset, string position, ConnectHeader? header) => new()
    {
        Topic = table.Topic,
        KeySchema = key?.Schema,
        Key = key,
        Headers = Headers(header, position),
        SourcePartition = _partition,
        SourceOffset = offset,
    };

    private static ConnectHeader[] Headers(ConnectHeader? first, string position)
    {
        var own = new ConnectHeader(PositionHeader, ConnectSchema.String, position);
        return first is null ? [own] : [first, own];
    }

    private static string Operation(char operation) => operation switch { 'c' => "c", 'u' => "u", 'd' => "d", 't' => "t", _ => "r" };

    private Struct Source(TableModel table, in EventSource source) => new(EventSchemas.Source,
    [
        Version, "postgresql", options.Prefix, source.Micros / 1000, source.Snapshot, options.Database,
        string.Create(CultureInfo.InvariantCulture, $"[{(source.LastCommitLsn == 0 ? "null" : $"\"{source.LastCommitLsn}\"")},\"{source.Lsn}\"]"),
        source.Micros, source.Micros * 1000, table.Id.Schema, table.Id.Name, source.TransactionId == 0 ? null : (long)source.TransactionId, (long)source.Lsn, null, source.Origin, null,
    ]);
}
