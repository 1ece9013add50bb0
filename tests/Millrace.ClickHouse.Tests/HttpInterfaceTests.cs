using System.IO.Compression;
using System.Net;
using System.Text;
using Millrace.TestKit;

namespace Millrace.ClickHouse.Tests;

public sealed class HttpInterfaceTests(ClickHouseFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private HttpClient Http => fixture.Http;

    [Fact]
    public async Task Answers_a_ping_and_an_empty_get()
    {
        Assert.Equal("Ok.\n", await Http.GetStringAsync(new Uri("/ping", UriKind.Relative), Ct));
        Assert.Equal("Ok.\n", await Http.GetStringAsync(new Uri("/replicas_status", UriKind.Relative), Ct));
        Assert.Equal("Ok.\n", await Http.GetStringAsync(new Uri("/", UriKind.Relative), Ct));
        using var unknown = await Http.GetAsync(new Uri("/nowhere", UriKind.Relative), Ct);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Takes_the_query_from_url_or_body_and_parameters_and_settings_from_the_url()
    {
        Assert.Equal("3\n", await Http.GetStringAsync(new Uri("/?query=SELECT%201%2B2", UriKind.Relative), Ct));
        Assert.Equal("3", await Http.AskAsync("SELECT 1+2"));
        Assert.Equal("it\\'s\t7", await Http.AskAsync("SELECT {name:String}, {n:UInt8}", "?param_name=it's&param_n=7"));
        Assert.Equal("1\t3", await Http.AskAsync("SELECT getSetting('max_threads'), getSetting('max_block_size')", "?max_threads=1&max_block_size=3"));
        Assert.NotEqual("3", await Http.AskAsync("SELECT getSetting('max_block_size')"));
    }

    [Fact]
    public async Task Formats_and_headers_are_as_asked_for()
    {
        using var response = await Http.PostAsync(
            new Uri("/?default_format=JSONEachRow&query_id=mine", UriKind.Relative), new StringContent("SELECT number AS n FROM numbers(2)"), Ct);
        Assert.Equal("{\"n\":0}\n{\"n\":1}\n", (await response.Content.ReadAsStringAsync(Ct)).Replace("\"0\"", "0", StringComparison.Ordinal).Replace("\"1\"", "1", StringComparison.Ordinal));
        Assert.Equal("mine", response.Headers.GetValues("X-ClickHouse-Query-Id").Single());
        Assert.Equal("JSONEachRow", response.Headers.GetValues("X-ClickHouse-Format").Single());
        Assert.Equal("UTC", response.Headers.GetValues("X-ClickHouse-Timezone").Single());
        Assert.Contains("\"read_rows\":\"2\"", response.Headers.GetValues("X-ClickHouse-Summary").Single(), StringComparison.Ordinal);

        using var clause = await Http.PostAsync(new Uri("/", UriKind.Relative), new StringContent("SELECT 1 AS x FORMAT CSVWithNames"), Ct);
        Assert.Equal("\"x\"\n1\n", await clause.Content.ReadAsStringAsync(Ct));
        Assert.Equal("CSVWithNames", clause.Headers.GetValues("X-ClickHouse-Format").Single());
    }

    // 200,000 rows are several blocks, and the engine makes a document of each: the client must see one.
    [Theory]
    [InlineData("JSON")]
    [InlineData("JSONCompact")]
    [InlineData("JSONCompactEachRowWithNamesAndTypes")]
    [InlineData("CSVWithNames")]
    [InlineData("TabSeparatedWithNamesAndTypes")]
    [InlineData("RowBinaryWithNames")]
    [InlineData("RowBinaryWithNamesAndTypes")]
    [InlineData("JSONEachRow")]
    [InlineData("Values")]
    [InlineData("RowBinary")]
    public async Task A_result_of_many_blocks_is_one_document(string format)
    {
        const string Query = "SELECT toUInt8(number % 100) AS some_column FROM numbers(200000)";
        using var response = await Http.PostAsync(new Uri($"/?default_format={format}", UriKind.Relative), new StringContent(Query), Ct);
        var answer = Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync(Ct));

        var names = answer.Split("some_column").Length - 1;
        Assert.Equal(format switch { "JSON" => 200_001, "JSONEachRow" => 200_000, "Values" or "RowBinary" => 0, _ => 1 }, names);
        switch (format)
        {
            case "JSON" or "JSONCompact":
                Assert.Equal(200_000, System.Text.Json.JsonDocument.Parse(answer).RootElement.GetProperty("data").GetArrayLength());
                break;
            case "RowBinary":
                Assert.Equal(200_000, answer.Length);
                break;
            case "RowBinaryWithNames":
                Assert.Equal(200_000 + 1 + 12, answer.Length);
                break;
            case "RowBinaryWithNamesAndTypes":
                Assert.Equal(200_000 + 1 + 12 + 6, answer.Length);
                break;
            case "Values":
                Assert.Equal(199_999, answer.Split("),(").Length - 1);
                break;
            default:
                Assert.Equal(200_000 + (format.EndsWith("Types", StringComparison.Ordinal) ? 2 : format.EndsWith("Names", StringComparison.Ordinal) ? 1 : 0), answer.Count(static c => c == '\n'));
                break;
        }
    }

    [Theory]
    [InlineData("SELEC 1", HttpStatusCode.BadRequest, 62)]
    [InlineData("garbage", HttpStatusCode.BadRequest, 62)]
    [InlineData("SELECT * FROM no_such_table", HttpStatusCode.NotFound, 60)]
    [InlineData("SELECT no_such_column FROM system.one", HttpStatusCode.NotFound, 47)]
    [InlineData("SELECT no_such_function(1)", HttpStatusCode.NotFound, 46)]
    [InlineData("SELECT toUInt8('x')", HttpStatusCode.BadRequest, 6)]
    [InlineData("SELECT 1 FORMAT NoSuchFormat", HttpStatusCode.NotFound, 73)]
    [InlineData("SELECT {missing:UInt8}", HttpStatusCode.BadRequest, 456)]
    [InlineData("SELECT throwIf(number = 3) FROM numbers(10)", HttpStatusCode.InternalServerError, 395)]
    public async Task An_error_has_clickhouses_status_code_and_text(string query, HttpStatusCode status, int code)
    {
        using var response = await Http.PostAsync(new Uri("/", UriKind.Relative), new StringContent(query), Ct);
        var text = await response.Content.ReadAsStringAsync(Ct);
        Assert.StartsWith($"Code: {code}. DB::Exception: ", text, StringComparison.Ordinal);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(code.ToString(), response.Headers.GetValues("X-ClickHouse-Exception-Code").Single());
    }

    [Fact]
    public async Task An_unknown_database_setting_or_interface_option_is_an_error()
    {
        Assert.Equal((HttpStatusCode.NotFound, true), Code(await Http.TryAskAsync("SELECT 1", "?database=nowhere"), 81));
        Assert.Equal((HttpStatusCode.NotFound, true), Code(await Http.TryAskAsync("SELECT 1", "?no_such_setting=1"), 115));
        Assert.Equal((HttpStatusCode.NotFound, true), Code(await Http.TryAskAsync("SELECT 1", "?bad-name'=1"), 115));
        Assert.Equal((HttpStatusCode.NotImplemented, true), Code(await Http.TryAskAsync("SELECT 1", "?compress=1"), 48));
        Assert.Equal((HttpStatusCode.BadRequest, true), Code(await Http.TryAskAsync("SELECT 1", "?session_id=x&session_timeout=never"), 36));
    }

    [Fact]
    public async Task A_get_changes_nothing()
    {
        using var response = await Http.GetAsync(new Uri("/?query=CREATE%20TABLE%20by_get(x%20Int8)ENGINE=Memory", UriKind.Relative), Ct);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("0", await Http.AskAsync("EXISTS TABLE by_get"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("lz4")]
    public async Task Bodies_are_compressed_both_ways(string encoding)
    {
        var compressed = new MemoryStream();
        await using (var stream = Codecs.Compress(compressed, encoding))
            await stream.WriteAsync(Encoding.UTF8.GetBytes("SELECT sum(number) FROM numbers(11)"), Ct);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/?enable_http_compression=1") { Content = new ByteArrayContent(compressed.ToArray()) };
        request.Content.Headers.ContentEncoding.Add(encoding);
        request.Headers.AcceptEncoding.ParseAdd(encoding);
        using var response = await Http.SendAsync(request, Ct);
        Assert.Equal(encoding, response.Content.Headers.ContentEncoding.Single());
        using var reader = new StreamReader(Codecs.Decompress(await response.Content.ReadAsStreamAsync(Ct), encoding));
        Assert.Equal("55\n", await reader.ReadToEndAsync(Ct));
    }

    [Fact]
    public async Task A_damaged_or_unknown_compression_is_an_error()
    {
        foreach (var (encoding, status) in new[] { ("gzip", HttpStatusCode.InternalServerError), ("zstd", HttpStatusCode.InternalServerError), ("rot13", HttpStatusCode.NotImplemented) })
        {
            using var content = new ByteArrayContent([1, 2, 3, 4, 5, 6, 7, 8, 9]);
            content.Headers.ContentEncoding.Add(encoding);
            using var response = await Http.PostAsync(new Uri("/", UriKind.Relative), content, Ct);
            Assert.Equal(status, response.StatusCode);
        }
    }

    [Fact]
    public async Task A_session_keeps_settings_and_temporary_tables_and_no_other_request_sees_them()
    {
        await Http.AskAsync("SET max_block_size = 5", "?session_id=s1");
        await Http.AskAsync("CREATE TEMPORARY TABLE mine (x UInt8)", "?session_id=s1");
        await Http.AskAsync("INSERT INTO mine VALUES (1), (2)", "?session_id=s1");
        Assert.Equal("5\t2", await Http.AskAsync("SELECT getSetting('max_block_size'), count() FROM mine", "?session_id=s1&session_check=1"));
        Assert.Equal(HttpStatusCode.NotFound, (await Http.TryAskAsync("SELECT count() FROM mine")).Status);
        Assert.Equal((HttpStatusCode.NotFound, true), Code(await Http.TryAskAsync("SELECT 1", "?session_id=other&session_check=1"), 372));
        await Http.AskAsync("SET max_block_size = 6");
        Assert.NotEqual("6", await Http.AskAsync("SELECT getSetting('max_block_size')"));
    }

    [Fact]
    public async Task A_large_result_is_streamed_whole_and_an_error_in_its_middle_breaks_it_off()
    {
        var rows = 0;
        await using (var stream = await Http.GetStreamAsync(new Uri("/?query=SELECT%20number%20FROM%20numbers(2000000)", UriKind.Relative), Ct))
        {
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync(Ct) is not null)
                rows++;
        }

        Assert.Equal(2_000_000, rows);
        await Assert.ThrowsAnyAsync<Exception>(() => Http.GetStringAsync(
            new Uri("/?query=SELECT%20throwIf(number=1900000),repeat('x',20)%20FROM%20numbers(2000000)&max_threads=1&max_block_size=10000", UriKind.Relative), Ct));
    }

    [Fact]
    public async Task Inline_data_of_any_format_is_inserted()
    {
        await Http.AskAsync("CREATE TABLE formats (id UInt32, name String) ENGINE = MergeTree ORDER BY id");
        await Http.AskAsync("1\ta\n2\tb\n", "?query=INSERT%20INTO%20formats%20FORMAT%20TSV");
        await Http.AskAsync("INSERT INTO formats FORMAT JSONEachRow\n{\"id\":3,\"name\":\"c;d\"}\n{\"id\":4,\"name\":\"'\"}");
        await Http.AskAsync("INSERT INTO formats VALUES (5, 'e')");
        using var binary = new ByteArrayContent([6, 0, 0, 0, 1, 0, 7, 0, 0, 0, 2, 0x0A, 0xFF]);
        using var response = await Http.PostAsync(new Uri("/?query=INSERT%20INTO%20formats%20FORMAT%20RowBinary", UriKind.Relative), binary, Ct);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("\"written_rows\":\"2\"", response.Headers.GetValues("X-ClickHouse-Summary").Single(), StringComparison.Ordinal);
        Assert.Equal("7\t28\tc;d", await Http.AskAsync("SELECT count(), sum(id), anyIf(name, id = 3) FROM formats"));
    }

    [Fact]
    public async Task Data_may_hold_anything_that_looks_like_the_end_of_a_statement()
    {
        await Http.AskAsync("CREATE TABLE tricky (s String) ENGINE = MergeTree ORDER BY s");
        await Http.AskAsync("INSERT INTO tricky FORMAT JSONEachRow\n{\"s\":\"a\"}\n\n{\"s\":\"DROP TABLE tricky; SELECT 1\"}\n\n\n{\"s\":\"c\"}");
        await Http.AskAsync("INSERT INTO tricky /* FORMAT CSV */ (s) VALUES ('x;\n\ny'), ('FORMAT TSV'), ('it\\'s') ;");
        using var binary = new ByteArrayContent([4, 10, 10, 59, 10, 2, 10, 10]);
        using var response = await Http.PostAsync(new Uri("/?query=insert+into+`tricky`+format+RowBinary", UriKind.Relative), binary, Ct);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Http.AskAsync("INSERT INTO tricky SELECT 'VALUES' AS s");
        Assert.Equal("9", await Http.AskAsync("SELECT count() FROM tricky"));
    }

    [Fact]
    public async Task Runs_several_queries_at_once_so_that_a_slow_one_does_not_hold_the_others()
    {
        var slow = Http.AskAsync("SELECT sum(sleepEachRow(0.2)) FROM numbers(15)", "?max_block_size=1");
        Assert.Equal("1", await Http.AskAsync("SELECT 1"));
        Assert.False(slow.IsCompleted);
        await slow;
    }

    [Fact]
    public async Task A_client_that_leaves_ends_its_query()
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        using var content = new StringContent("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1 /*leaver*/");
        var asking = Http.PostAsync(new Uri("/", UriKind.Relative), content, leaving.Token);
        await Eventually.True(async () => await RunningAsync("leaver") == 1, "the query runs", cancellationToken: Ct);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await Eventually.True(async () => await RunningAsync("leaver") == 0, "the query is gone", cancellationToken: Ct);
    }

    [Fact]
    public async Task A_query_beyond_its_time_or_memory_limit_is_an_error()
    {
        Assert.Equal((HttpStatusCode.RequestTimeout, true), Code(await Http.TryAskAsync("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1", "?max_execution_time=1"), 159));
        Assert.Equal((HttpStatusCode.InternalServerError, true), Code(await Http.TryAskAsync("SELECT number FROM numbers(100000000) GROUP BY number", "?max_memory_usage=50000000"), 241));
    }

    [Fact]
    public async Task A_form_carries_query_and_parameters()
    {
        using var form = new MultipartFormDataContent { { new StringContent("SELECT {x:UInt8} + 1"), "query" }, { new StringContent("4"), "param_x" } };
        using var response = await Http.PostAsync(new Uri("/", UriKind.Relative), form, Ct);
        Assert.Equal("5\n", await response.Content.ReadAsStringAsync(Ct));
    }

    private async Task<int> RunningAsync(string mark) =>
        int.Parse(await Http.AskAsync($"SELECT count() FROM system.processes WHERE query LIKE '%{mark}%' AND query NOT LIKE '%system.processes%'"));

    private static (HttpStatusCode Status, bool HasCode) Code((HttpStatusCode Status, string Text) answer, int code) =>
        (answer.Status, answer.Text.StartsWith($"Code: {code}. DB::Exception", StringComparison.Ordinal));
}
