using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Millrace.ClickHouse.Tests;

/// <summary>What the front makes of a request's text before the engine, which was made for a client, sees it.</summary>
public sealed class StatementTests(ClickHouseFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private HttpClient Http => fixture.Http;

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t")]
    [InlineData("-- nothing")]
    [InlineData("/* nothing */ ;;")]
    [InlineData("\uFEFF")]
    [InlineData("quit")]
    [InlineData("\\q")]
    [InlineData("\0")]
    [InlineData("ä(")]
    public async Task No_statement_is_an_error(string text)
    {
        var (status, answer) = await Http.TryAskAsync(text);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith("Code: 62. DB::Exception: ", answer, StringComparison.Ordinal);
    }

    // 200,000 rows come in several chunks, each of which would be a document of its own.
    [Theory]
    [InlineData("FORMAT JSON -- comment")]
    [InlineData("FORMAT/* comment */JSON /* and another */")]
    [InlineData("FORMAT `JSON`")]
    [InlineData("FORMAT \"JSON\";")]
    [InlineData("format json # comment")]
    [InlineData("SETTINGS max_threads = 1 FORMAT JSON ; -- comment")]
    [InlineData("FORMAT JSON SETTINGS max_threads = 1")]
    public async Task A_format_is_found_however_it_is_written(string tail)
    {
        using var document = JsonDocument.Parse(await Http.AskAsync($"SELECT $$it's$$ AS s, number FROM numbers(200000) {tail}"));
        Assert.Equal(200_000, document.RootElement.GetProperty("rows").GetInt32());
    }

    [Fact]
    public async Task Totals_stand_behind_the_rows_once()
    {
        const string Query = "SELECT number % 2 AS k, count() AS n FROM numbers(10) GROUP BY k WITH TOTALS ORDER BY k FORMAT TSVWithNames";
        Assert.Equal("k\tn\n0\t5\n1\t5\n\n0\t10", await Http.AskAsync(Query));
        Assert.Equal("k\tn\n0\t5\n1\t5\n\n0\t10\n\n0\t5\n1\t5", await Http.AskAsync(Query, "?extremes=1"));
    }

    [Fact]
    public async Task Every_statement_of_a_script_runs_whatever_it_begins_with()
    {
        await Http.AskAsync("CREATE TABLE script (id UInt8, s String) ENGINE = MergeTree ORDER BY id");
        var answer = await Http.AskAsync(
            "INSERT INTO script VALUES (1, 'a;b'), (2, '\n\n'); INSERT INTO script VALUES (3, 'c');; SET max_block_size = 7; SELECT getSetting('max_block_size'), ';' ; -- end\n"
            + "INSERT INTO script FORMAT CSV\n4,\"d;\n\n\"\n5,e\n");
        Assert.Equal("7\t;", answer);
        Assert.Equal("5\t15\ta;b", await Http.AskAsync("SELECT count(), sum(id), anyIf(s, id = 1) FROM script"));
        Assert.NotEqual("7", await Http.AskAsync("SELECT getSetting('max_block_size')"));
    }

    [Fact]
    public async Task What_a_script_that_failed_has_set_is_seen_by_no_other_request()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(HttpStatusCode.NotFound, (await Http.TryAskAsync("CREATE TEMPORARY TABLE left_over (x UInt8); SELECT no_such_column")).Status);
            Assert.Equal("0", await Http.AskAsync("EXISTS TEMPORARY TABLE left_over"));
        }
    }

    [Theory]
    [InlineData("SELECT * FROM file('/etc/hostname', 'LineAsString')", 497)]
    [InlineData("INSERT INTO FUNCTION file('/tmp/millrace-must-not-be', 'LineAsString') SELECT 'x'", 497)]
    [InlineData("CREATE TABLE of_file (s String) ENGINE = File(TSV, '/etc/hostname')", 497)]
    [InlineData("SELECT 1 INTO OUTFILE '/tmp/millrace-must-not-be'", 358)]
    [InlineData("INSERT INTO t FROM INFILE '/etc/hostname' FORMAT CSV", 48)]
    [InlineData("SYSTEM SHUTDOWN", 497)]
    [InlineData("SYSTEM KILL", 497)]
    public async Task A_client_reaches_neither_the_servers_files_nor_its_process(string statement, int code)
    {
        var (_, text) = await Http.TryAskAsync(statement);
        Assert.StartsWith($"Code: {code}. DB::Exception", text, StringComparison.Ordinal);
        Assert.False(File.Exists("/tmp/millrace-must-not-be"));
        Assert.Equal("1", await Http.AskAsync("SELECT 1"));
        Assert.Equal(0, fixture.Server.EngineRestarts);
    }

    [Fact]
    public async Task A_query_is_killed_by_the_name_that_its_client_gave()
    {
        var running = Http.TryAskAsync("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1 /*victim*/", "?query_id=it's%20mine");
        await TestKit.Eventually.True(
            async () => await Http.AskAsync("SELECT count() FROM system.processes WHERE query LIKE '%/*victim*/' AND query NOT LIKE '%system.processes%'") == "1", "the query runs", cancellationToken: Ct);
        Assert.Contains("victim", await Http.AskAsync(@"KILL QUERY WHERE query_id = 'it\'s mine'"), StringComparison.Ordinal);
        Assert.StartsWith("Code: 394.", (await running).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_comes_back_in_any_script_but_without_control_characters()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/?query_id=%C3%A4") { Content = new StringContent("SELECT 1") };
        using var response = await Http.SendAsync(request, Ct);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal((HttpStatusCode.BadRequest, true), Bad(await Http.TryAskAsync("SELECT 1", "?query_id=a%0D%0Ab")));
        Assert.Equal((HttpStatusCode.BadRequest, true), Bad(await Http.TryAskAsync("SELECT 1", "?default_format=a%0Db")));

        static (HttpStatusCode Status, bool HasCode) Bad((HttpStatusCode Status, string Text) answer) => (answer.Status, answer.Text.StartsWith("Code: 36.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("lz4")]
    public async Task A_compressed_body_that_breaks_off_inserts_nothing(string encoding)
    {
        await Http.AskAsync($"CREATE TABLE cut_{encoding} (id UInt32) ENGINE = MergeTree ORDER BY id");
        var compressed = new MemoryStream();
        await using (var stream = Codecs.Compress(compressed, encoding))
            await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 100_000))), Ct);
        foreach (var length in new[] { compressed.Length / 2, compressed.Length - 1 })
        {
            using var content = new ByteArrayContent(compressed.ToArray()[..(int)length]);
            content.Headers.ContentEncoding.Add(encoding);
            using var response = await Http.PostAsync(new Uri($"/?query=INSERT%20INTO%20cut_{encoding}%20FORMAT%20TSV", UriKind.Relative), content, Ct);
            Assert.StartsWith("Code: 271.", await response.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        }

        Assert.Equal("0", await Http.AskAsync($"SELECT count() FROM cut_{encoding}"));
    }

    [Fact]
    public async Task A_server_that_is_not_there_ends_the_query_and_not_the_engine()
    {
        var (status, _) = await Http.TryAskAsync("SELECT * FROM url('http://127.0.0.1:1/x', 'LineAsString')");
        Assert.NotEqual(HttpStatusCode.OK, status);
        Assert.Equal(0, fixture.Server.EngineRestarts);
    }

    [Fact]
    public void Any_bytes_are_divided_without_an_end_beyond_them()
    {
        var random = new Random(20_261_124);
        string[] words = ["INSERT", "INTO", "t", "VALUES", "FORMAT", "TSV", "SELECT", ";", "'", "\"", "`", "\\", "$", "$$", "$a$", "--", "\n", "/*", "*/", "#", "KILL", "QUERY", "query_id", "=", "'x'", "(", ")", "\uFEFF", "OUTFILE", "FROM", "INFILE"];
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Join(random.Next(2) == 0 ? " " : "", Enumerable.Range(0, random.Next(1, 12)).Select(_ => words[random.Next(words.Length)]));
            ReadOnlyMemory<byte> script = Encoding.UTF8.GetBytes(text);
            while (Script.Next(ref script, out _) is { IsEmpty: false } statement)
            {
                _ = StatementShape.Of(statement.Span);
                try
                {
                    _ = StatementGate.Admit(statement);
                }
                catch (ClickHouseException e)
                {
                    Assert.NotEqual(0, e.Code);
                }
            }
        }
    }
}
