using Millrace.Connect.Data;

namespace Millrace.Connect.Postgres.Events;

/// <summary>The schemas that all events share, with Debezium's names and order of fields.</summary>
internal static class EventSchemas
{
    internal static ConnectSchema Source { get; } = SchemaBuilder.Struct("io.debezium.connector.postgresql.Source")
        .Version(1)
        .Field("version", ConnectSchema.String)
        .Field("connector", ConnectSchema.String)
        .Field("name", ConnectSchema.String)
        .Field("ts_ms", ConnectSchema.Int64)
        .Field("snapshot", new SchemaBuilder(ConnectType.String).Name("io.debezium.data.Enum").Version(1).Optional().Parameter("allowed", "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental").Default("false").Build())
        .Field("db", ConnectSchema.String)
        .Field("sequence", ConnectSchema.OptionalString)
        .Field("ts_us", ConnectSchema.OptionalInt64)
        .Field("ts_ns", ConnectSchema.OptionalInt64)
        .Field("schema", ConnectSchema.String)
        .Field("table", ConnectSchema.String)
        .Field("txId", ConnectSchema.OptionalInt64)
        .Field("lsn", ConnectSchema.OptionalInt64)
        .Field("xmin", ConnectSchema.OptionalInt64)
        .Field("origin", ConnectSchema.OptionalString)
        .Field("origin_lsn", ConnectSchema.OptionalInt64)
        .Build();

    internal static ConnectSchema Transaction { get; } = SchemaBuilder.Struct("event.block")
        .Version(1)
        .Optional()
        .Field("id", ConnectSchema.String)
        .Field("total_order", ConnectSchema.Int64)
        .Field("data_collection_order", ConnectSchema.Int64)
        .Build();

    internal static ConnectSchema HeartbeatKey { get; } = SchemaBuilder.Struct("io.debezium.connector.common.ServerNameKey").Version(1).Field("serverName", ConnectSchema.String).Build();

    internal static ConnectSchema Heartbeat { get; } = SchemaBuilder.Struct("io.debezium.connector.common.Heartbeat").Version(1).Field("ts_ms", ConnectSchema.Int64).Build();
}
