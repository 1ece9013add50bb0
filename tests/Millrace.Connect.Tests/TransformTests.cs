using Millrace.Connect.Data;
using Millrace.Connect.Transforms;

namespace Millrace.Connect.Tests;

public sealed class TransformTests
{
    private static readonly ConnectSchema Row = SchemaBuilder.Struct("cdc.public.accounts.Value").Optional().Field("id", ConnectSchema.Int64).Field("balance", ConnectSchema.OptionalString).Build();
    private static readonly ConnectSchema Source = SchemaBuilder.Struct("source").Field("ts_ms", ConnectSchema.Int64).Field("table", ConnectSchema.String).Build();
    private static readonly ConnectSchema Envelope = SchemaBuilder.Struct("cdc.public.accounts.Envelope").Field("before", Row).Field("after", Row).Field("source", Source).Field("op", ConnectSchema.String).Build();
    private static readonly ConnectSchema Key = SchemaBuilder.Struct("cdc.public.accounts.Key").Field("id", ConnectSchema.Int64).Build();

    [Fact]
    public void The_seeds_router_sends_tables_to_short_topics_and_names_the_table_in_the_key()
    {
        var router = Configured(new ByLogicalTableRouter(), ("topic.regex", "(.*)\\.(.*)"), ("topic.replacement", "cdc.$2"));
        var routed = router.Apply(Event("u"))!;
        Assert.Equal("cdc.accounts", routed.Topic);
        var key = Assert.IsType<Struct>(routed.Key);
        Assert.Equal("cdc.accounts.Key", routed.KeySchema!.Name);
        Assert.Equal("cdc.public.accounts", key["__dbz__physicalTableIdentifier"]);
        Assert.Equal(1L, key["id"]);
        var value = Assert.IsType<Struct>(routed.Value);
        Assert.Equal("cdc.accounts.Envelope", routed.ValueSchema!.Name);
        Assert.Equal("cdc.accounts.Value", ((Struct)value["after"]!).Schema.Name);
        Assert.Same(routed.KeySchema, router.Apply(Event("u"))!.KeySchema);
    }

    [Fact]
    public void The_router_can_leave_keys_alone_or_derive_the_field()
    {
        var plain = Configured(new ByLogicalTableRouter(), ("topic.regex", "(.*)accounts"), ("topic.replacement", "all"), ("key.enforce.uniqueness", "false"));
        Assert.Single(((Struct)plain.Apply(Event("c"))!.Key!).Schema.Fields);
        var derived = Configured(new ByLogicalTableRouter(), ("topic.regex", "(.*)accounts"), ("topic.replacement", "all"), ("key.field.name", "shard"), ("key.field.regex", "cdc\\.(.*)\\.accounts"), ("key.field.replacement", "$1"));
        Assert.Equal("public", ((Struct)derived.Apply(Event("c"))!.Key!)["shard"]);
        Assert.Equal("cdc.public.accounts", Configured(new ByLogicalTableRouter(), ("topic.regex", "accounts"), ("topic.replacement", "x")).Apply(Event("c"))!.Topic);
    }

    [Fact]
    public void The_router_keeps_tombstones()
    {
        var router = Configured(new ByLogicalTableRouter(), ("topic.regex", "(.*)\\.(.*)"), ("topic.replacement", "cdc.$2"));
        var routed = router.Apply(Event("d") with { ValueSchema = null, Value = null })!;
        Assert.Null(routed.Value);
        Assert.Equal("cdc.public.accounts", ((Struct)routed.Key!)["__dbz__physicalTableIdentifier"]);
    }

    [Theory]
    [InlineData("drop", "d", null)]
    [InlineData("tombstone", "d", null)]
    [InlineData("rewrite", "d", "true")]
    [InlineData("rewrite", "u", "false")]
    public void Unwrap_gives_the_row(string mode, string operation, string? deleted)
    {
        var unwrap = Configured(new ExtractNewRecordState(), ("delete.tombstone.handling.mode", mode), ("add.fields", "op,source.ts_ms:at,table"));
        var result = unwrap.Apply(Event(operation));
        if (deleted is null)
        {
            Assert.Null(result);
            return;
        }

        var row = Assert.IsType<Struct>(result!.Value);
        Assert.Equal(deleted, row["__deleted"]);
        Assert.Equal(operation, row["__op"]);
        Assert.Equal(5L, row["__at"]);
        Assert.Equal("accounts", row["__table"]);
        Assert.Equal(1L, row["id"]);
    }

    [Fact]
    public void Unwrap_works_on_JSON_without_schemas_and_passes_other_records()
    {
        var unwrap = Configured(new ExtractNewRecordState(), ("add.headers", "op"));
        var value = new Dictionary<string, object?> { ["before"] = null, ["after"] = new Dictionary<string, object?> { ["id"] = 1L }, ["source"] = new Dictionary<string, object?>(), ["op"] = "c" };
        var result = unwrap.Apply(Event("c") with { ValueSchema = null, Value = value })!;
        Assert.Equal(1L, ((IReadOnlyDictionary<string, object?>)result.Value!)["id"]);
        Assert.Equal("c", Assert.Single(result.Headers, h => h.Key == "__op").Value);
        var other = Event("c") with { ValueSchema = null, Value = "text" };
        Assert.Same(other, unwrap.Apply(other));
    }

    [Fact]
    public void Regex_router_needs_the_whole_name()
    {
        var router = Configured(new RegexRouter(), ("regex", "cdc\\.(\\w+)\\.(\\w+)"), ("replacement", "bank.$2"));
        Assert.Equal("bank.accounts", router.Apply(Event("c"))!.Topic);
        Assert.Equal("cdc.public.accounts.x", router.Apply(Event("c") with { Topic = "cdc.public.accounts.x" })!.Topic);
    }

    private static T Configured<T>(T transform, params (string Key, string Value)[] config) where T : ITransform
    {
        var map = config.ToDictionary(p => p.Key, p => p.Value);
        transform.Config.Validate(map).ThrowIfInvalid();
        transform.Configure(map);
        return transform;
    }

    private static ConnectRecord Event(string operation)
    {
        var row = new Struct(Row, [1L, "2.50"]);
        return new SourceRecord
        {
            Topic = "cdc.public.accounts",
            KeySchema = Key,
            Key = new Struct(Key, [1L]),
            ValueSchema = Envelope,
            Value = new Struct(Envelope, [operation is "d" or "u" ? row : null, operation == "d" ? null : row, new Struct(Source, [5L, "accounts"]), operation]),
            SourcePartition = new Dictionary<string, object?>(),
            SourceOffset = SourceOffset.Of(new Dictionary<string, object?>()),
        };
    }
}
