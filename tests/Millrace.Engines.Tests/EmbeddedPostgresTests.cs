using Npgsql;

namespace Millrace.Engines.Tests;

public sealed class EmbeddedPostgresTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Starts_on_any_port_with_logical_wal_and_the_databases_asked_for()
    {
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Databases = ["bank", "shop"] }, ct: Ct);
        Assert.NotEqual(0, server.Port);
        Assert.Equal("logical", await ScalarAsync(server.ConnectionString, "SHOW wal_level"));
        Assert.Equal("bank", await ScalarAsync(server.ConnectionString, "SELECT current_database()::text"));
        Assert.Equal("shop", await ScalarAsync(server.GetConnectionString("shop"), "SELECT current_database()::text"));
        Assert.Equal(true, await ScalarAsync(server.ConnectionString, "SELECT rolreplication FROM pg_roles WHERE rolname = current_user"));
    }

    [Fact]
    public async Task Keeps_what_was_committed_through_a_kill_and_a_restart_on_the_same_port()
    {
        await using var server = await EmbeddedPostgres.StartAsync(ct: Ct);
        await ExecuteAsync(server.ConnectionString, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
        var (port, first) = (server.Port, server.ProcessId);
        await server.KillAsync();
        Assert.Equal(0, server.ProcessId);
        NpgsqlConnection.ClearAllPools();
        await server.RestartAsync(Ct);
        Assert.Equal(port, server.Port);
        Assert.NotEqual(first, server.ProcessId);
        Assert.Equal(2L, await ScalarAsync(server.ConnectionString, "SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task Works_on_data_below_a_private_directory_and_starts_them_again()
    {
        // Mode 0700, as /root is: the unprivileged user that root runs PostgreSQL as cannot walk through it.
        var directory = Directory.CreateTempSubdirectory("millrace-private-");
        try
        {
            var options = new EmbeddedPostgresOptions { DataDirectory = Path.Combine(directory.FullName, "data"), Databases = ["bank"] };
            await using (var server = await EmbeddedPostgres.StartAsync(options, ct: Ct))
                await ExecuteAsync(server.ConnectionString, "CREATE TABLE t AS SELECT 42 AS n");
            await using (var server = await EmbeddedPostgres.StartAsync(options, ct: Ct))
                Assert.Equal(42, await ScalarAsync(server.ConnectionString, "SELECT n FROM t"));
            Assert.True(File.Exists(Path.Combine(options.DataDirectory, "PG_VERSION")));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_wrong_password_is_refused()
    {
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Password = "right" }, ct: Ct);
        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "wrong", Pooling = false }.ConnectionString;
        var error = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(wrong, "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, error.SqlState);
    }

    [Fact]
    public async Task A_port_in_use_is_an_error_that_names_it()
    {
        await using var first = await EmbeddedPostgres.StartAsync(ct: Ct);
        var error = await Assert.ThrowsAsync<EmbeddedPostgresException>(
            () => EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Port = first.Port }, ct: Ct));
        Assert.Contains($"127.0.0.1:{first.Port}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_that_the_server_refuses_is_an_error_with_its_own_words()
    {
        var options = new EmbeddedPostgresOptions { WalLevel = "sideways" };
        var error = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedPostgres.StartAsync(options, ct: Ct));
        Assert.Contains("wal_level", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_runs_as_an_unprivileged_user()
    {
        await using var server = await EmbeddedPostgres.StartAsync(ct: Ct);
        var uid = (await File.ReadAllLinesAsync($"/proc/{server.ProcessId}/status", Ct)).First(static line => line.StartsWith("Uid:", StringComparison.Ordinal));
        Assert.DoesNotContain("\t0\t", uid, StringComparison.Ordinal);
    }

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Ct);
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }
}
