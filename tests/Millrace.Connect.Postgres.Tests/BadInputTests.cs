using Millrace.Connect.Configuration;
using Millrace.Engines;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;
using Npgsql;
using Npgsql.Replication;
using Npgsql.Replication.PgOutput;

namespace Millrace.Connect.Postgres.Tests;

/// <summary>Each mistake gets a message that says what to do.</summary>
public sealed class BadInputTests(PostgresServer postgres, EmbeddedBroker kafka) : IClassFixture<PostgresServer>, IClassFixture<EmbeddedBroker>
{
    [Theory]
    [InlineData("database.password", "wrong", "refuses the user")]
    [InlineData("database.password", "", "Set database.password")]
    [InlineData("producer.override.max.reqest.size", "1", "producer.override.max.reqest.size: ")]
    [InlineData("producer.override.group.id", "g", "is a consumer's key")]
    [InlineData("database.port", "1", "cannot be reached")]
    [InlineData("database.hostname", "postgres-primary.invalid", "PostgreSQL at postgres-primary.invalid:")]
    [InlineData("database.hostname", "postgres-primary.invalid", ". Check database.hostname and database.port, or give the worker --override database.hostname=")]
    [InlineData("database.dbname", "nowhere", "has no database")]
    [InlineData("table.include.list", "public.t,public.typo", "The table \"public.typo\" does not exist")]
    [InlineData("table.include.list", "public.(", "not a list of regular expressions")]
    [InlineData("publication.autocreate.mode", "disabled", "CREATE PUBLICATION")]
    [InlineData("plugin.name", "wal2json", "one of pgoutput")]
    [InlineData("slot.name", "Bad-Slot", "lower-case letters")]
    [InlineData("snapshot.mode", "custom", "one of always, initial")]
    [InlineData("column.mask.hash.x", "a", "come later")]
    [InlineData("provide.transaction.metadata", "true", "not supported")]
    [InlineData("tabel.include.list", "x", "Did you mean \"table.include.list\"?")]
    public async Task Configurations_are_refused(string key, string value, string expected)
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync("CREATE TABLE t (id int PRIMARY KEY)");
        Assert.Contains(expected, await ProblemsAsync(bench.Config("public.t", (key, value))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_good_configuration_is_accepted_and_harmless_keys_are_noted()
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync("CREATE TABLE t (id int PRIMARY KEY)");
        Assert.Equal("", await ProblemsAsync(bench.Config("public.t", ("snapshot.fetch.size", "100"), ("producer.override.max.request.size", "1000000"), ("provide.transaction.metadata", "false"))));
    }

    [Fact]
    public async Task Wal_level_replica_is_explained()
    {
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { WalLevel = "replica" });
        var bench = new Bench(server, kafka.Bootstrap);
        await bench.CreateAsync("CREATE TABLE t (id int PRIMARY KEY)");
        Assert.Contains("ALTER SYSTEM SET wal_level = logical", await ProblemsAsync(bench.Config("public.t")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_a_connection_for_replication_is_told_which_setting_to_raise()
    {
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { MaxWalSenders = 0 });
        var bench = new Bench(server, kafka.Bootstrap);
        await bench.CreateAsync("CREATE TABLE t (id int PRIMARY KEY)");
        await using var worker = await bench.StartAsync();
        await worker.PutConnectorAsync("cdc", bench.Config("public.t"));
        await Eventually.True(() => worker.Find("cdc").Tasks is [{ Trace: { } trace }] && trace.StartsWith("Millrace.Connect.ConnectException", StringComparison.Ordinal) && trace.Contains("Raise max_wal_senders", StringComparison.Ordinal), "the message");
    }

    [Theory]
    [InlineData("CREATE PUBLICATION {0} FOR TABLE t WITH (publish = 'insert, truncate')", "does not publish update and delete")]
    [InlineData("CREATE PUBLICATION {0} FOR ALL TABLES WITH (publish_via_partition_root = true)", "public.parts_1 is captured under its own name")]
    [InlineData("CREATE PUBLICATION {0} FOR TABLE t WITH (publish = 'insert, update, delete')", "")]
    public async Task A_publication_that_leaves_changes_out_is_refused(string publication, string expected)
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (9)");
        await bench.SqlAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, publication, bench.Id));
        var problems = await ProblemsAsync(bench.Config(expected.Length == 0 || expected.StartsWith("does", StringComparison.Ordinal) ? "public.t" : "public.t,public.parts_.*"));
        if (expected.Length == 0) Assert.Equal("", problems);
        else Assert.Contains(expected, problems, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CREATE TABLE x (id int PRIMARY KEY) PARTITION BY RANGE (id)", "is partitioned")]
    [InlineData("CREATE UNLOGGED TABLE x (id int PRIMARY KEY)", "SET LOGGED")]
    [InlineData("CREATE VIEW x AS SELECT 1 AS id", "is a view")]
    public async Task What_has_no_changes_under_its_name_is_called_what_it_is(string sql, string expected)
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync("CREATE TABLE t (id int PRIMARY KEY); " + sql);
        Assert.Contains(expected, await ProblemsAsync(bench.Config("public.t,public.x")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_without_rights_is_told_which_to_grant()
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync($"CREATE TABLE t (id int PRIMARY KEY); CREATE ROLE {"u" + Guid.NewGuid().ToString("N")[..6]} LOGIN PASSWORD 'p'; CREATE ROLE weak_{Guid.NewGuid().ToString("N")[..6]} LOGIN PASSWORD 'p'");
        var role = await bench.TextAsync("SELECT rolname FROM pg_roles WHERE rolname LIKE 'weak_%' LIMIT 1");
        var problems = await ProblemsAsync(bench.Config("public.t", ("database.user", role), ("database.password", "p")));
        Assert.Contains($"ALTER ROLE \"{role}\" REPLICATION", problems, StringComparison.Ordinal);
        Assert.Contains("GRANT SELECT ON", problems, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slot_held_by_another_connection_is_named_with_its_holder()
    {
        var bench = new Bench(postgres.Server, kafka.Bootstrap);
        await bench.CreateAsync($"CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION {"other"} FOR TABLE t");
        await using var holder = new LogicalReplicationConnection(bench.ConnectionString);
        await holder.Open();
        var slot = await holder.CreatePgOutputReplicationSlot(bench.Id);
        using var stop = new CancellationTokenSource();
        var holding = HoldAsync(holder, slot, stop.Token);
        await Eventually.True(async () => await bench.TextAsync($"SELECT active FROM pg_replication_slots WHERE slot_name = '{bench.Id}'") == "True", "the slot in use");
        await using (var worker = await bench.StartAsync())
        {
            await worker.PutConnectorAsync("cdc", bench.Config("public.t", ("slot.max.retries", "1"), ("slot.retry.delay.ms", "10")));
            await Eventually.True(() => worker.Find("cdc").Tasks is [{ Trace: { } trace }] && trace.Contains("is in use by process", StringComparison.Ordinal), "the message");
        }

        await stop.CancelAsync();
        await holding;
    }

    private static async Task HoldAsync(LogicalReplicationConnection connection, PgOutputReplicationSlot slot, CancellationToken stop)
    {
        try
        {
            await foreach (var message in connection.StartReplication(slot, new PgOutputReplicationOptions("other", PgOutputProtocolVersion.V1), stop)) connection.SetReplicationStatus(message.WalEnd);
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static async Task<string> ProblemsAsync(Dictionary<string, string> config)
    {
        config["name"] = "cdc";
        var result = await ConnectorValidation.CheckAllAsync(new PostgresConnector(), config, new ConnectPlugins().AddPostgres(), CancellationToken.None);
        return string.Join('\n', result.Values.SelectMany(v => v.Errors));
    }
}
