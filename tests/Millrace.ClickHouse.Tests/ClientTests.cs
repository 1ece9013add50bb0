using ClickHouse.Driver.ADO;
using ClickHouse.Driver.Copy;
using ClickHouse.Driver.Utility;
using Millrace.TestKit;

namespace Millrace.ClickHouse.Tests;

/// <summary>Clients that we did not write see a ClickHouse server.</summary>
public sealed class ClientTests(ClickHouseFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private ClickHouseServer Server => fixture.Server;

    [Fact]
    public async Task ClickHouse_Driver_reads_with_parameters_and_types()
    {
        await using var connection = new ClickHouseConnection(Server.ConnectionString);
        await connection.OpenAsync(Ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT {id:UInt64} AS id, toDecimal64(12.34, 2) AS amount, toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0') AS u, [1, 2] AS list, toDateTime64('2026-07-31 01:02:03.456', 3, 'Asia/Seoul') AS at, {text:String} AS text";
        command.AddParameter("id", 7UL);
        command.AddParameter("text", "it's \\ \n text");
        await using var reader = await command.ExecuteReaderAsync(Ct);
        Assert.True(await reader.ReadAsync(Ct));
        Assert.Equal(7UL, reader["id"]);
        Assert.Equal(12.34m, reader.GetDecimal(1));
        Assert.Equal(Guid.Parse("61f0c404-5cb3-11e7-907b-a6006ad3dba0"), reader["u"]);
        Assert.Equal("it's \\ \n text", reader["text"]);
        Assert.False(await reader.ReadAsync(Ct));
    }

    [Theory]
    [InlineData("")]
    [InlineData(";Compression=false")]
    [InlineData(";UseSession=true")]
    public async Task ClickHouse_Driver_copies_rows_in_bulk(string more)
    {
        await using var connection = new ClickHouseConnection(Server.ConnectionString + more);
        await connection.ExecuteStatementAsync("CREATE OR REPLACE TABLE bulk (id UInt64, name String, amount Decimal64(2)) ENGINE = MergeTree ORDER BY id");
#pragma warning disable CS0618 // Obsolete in this version of the driver, and what most programs in the field use.
        using var copy = new ClickHouseBulkCopy(connection) { DestinationTableName = "bulk", BatchSize = 3000, MaxDegreeOfParallelism = 1 };
#pragma warning restore CS0618
        await copy.WriteToServerAsync(Enumerable.Range(0, 10_000).Select(static i => new object[] { (ulong)i, "name " + i, i / 100m }), Ct);
        Assert.Equal(10_000UL, await connection.ExecuteScalarAsync("SELECT count() FROM bulk"));
        Assert.Equal(49_995_000UL, await connection.ExecuteScalarAsync("SELECT sum(id) FROM bulk"));
        Assert.Equal(499950.00m, Convert.ToDecimal(await connection.ExecuteScalarAsync("SELECT sum(amount) FROM bulk"), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task ClickHouse_Driver_gets_the_servers_error()
    {
        await using var connection = new ClickHouseConnection(Server.ConnectionString);
        var error = await Assert.ThrowsAsync<global::ClickHouse.Driver.ClickHouseServerException>(() => connection.ExecuteScalarAsync("SELECT * FROM nothing_here"));
        Assert.Equal(60, error.ErrorCode);
    }

    [Fact]
    public async Task Curl_sends_files_and_pipes()
    {
        var curl = InstalledProgram.Require("curl");
        using var folder = new TempDirectory("curl");
        var rows = folder.Combine("rows.csv");
        await File.WriteAllLinesAsync(rows, Enumerable.Range(0, 5000).Select(static i => $"{i},\"n{i}\""), Ct);
        await CurlAsync(curl, ["--data-binary", "CREATE OR REPLACE TABLE curled (id UInt32, name String) ENGINE = MergeTree ORDER BY id"]);
        await CurlAsync(curl, ["--data-binary", "@" + rows, "--url-query", "query=INSERT INTO curled FORMAT CSV"]);
        await CurlAsync(curl, ["-H", "Transfer-Encoding: chunked", "--data-binary", "@" + rows, "--url-query", "query=INSERT INTO curled FORMAT CSV"]);
        Assert.Equal("10000", await CurlAsync(curl, ["--get", "--data-urlencode", "query=SELECT count() FROM curled"]));
    }

    [Fact]
    public async Task Pythons_urllib_asks_and_inserts()
    {
        var python = InstalledProgram.Require("python3");
        const string Program = """
            import sys, urllib.request, urllib.parse, urllib.error
            base = sys.argv[1]
            def ask(sql, data=b''):
                return urllib.request.urlopen(base + '?' + urllib.parse.urlencode({'query': sql}), data=data).read().decode()
            ask('CREATE OR REPLACE TABLE pythoned (x Int32) ENGINE = Memory')
            ask('INSERT INTO pythoned FORMAT TSV', b'1\n2\n3\n')
            print(ask('SELECT sum(x) FROM pythoned').strip())
            try:
                ask('SELECT nonsense(')
            except urllib.error.HTTPError as e:
                print(e.code, e.headers['X-ClickHouse-Exception-Code'])
            """;
        var (code, output) = await ChildProcess.RunAsync(python, ["-c", Program, Server.Address.ToString()]);
        Assert.True(code == 0, output);
        Assert.Equal("6\n400 62", output.Trim());
    }

    private async Task<string> CurlAsync(string curl, string[] arguments)
    {
        var (code, output) = await ChildProcess.RunAsync(curl, ["-sS", "--fail-with-body", Server.Address.ToString(), .. arguments]);
        Assert.True(code == 0, output);
        return output.Trim();
    }
}
