using System.Text;
using System.Text.Json;
using Millrace.Console.Alerts;
using Millrace.Console.Backends.ClickHouse;
using Millrace.Console.Backends.Kafka;
using Millrace.Console.Records;
using Millrace.Console.Tests.Support;

namespace Millrace.Console.Tests.Parsing;

public sealed class RecordTests
{
    private const string Update =
        """{"before":{"id":1,"balance":"10.00","owner":"김민준"},"after":{"id":1,"balance":"7.50","owner":"김민준"},"op":"u","ts_ms":1795456920736,"source":{"schema":"public","table":"accounts","lsn":26435000000,"ts_ms":1795456920700}}""";

    [Fact]
    public void A_change_shows_what_was_and_what_is()
    {
        var change = DecodedValue.Of(Encoding.UTF8.GetBytes(Update)).Change!;

        Assert.Equal("update", change.OperationName);
        Assert.Equal("public.accounts", change.Table);
        Assert.Equal("LSN 6/27A616C0", change.Position);
        var balance = Assert.Single(change.Fields, static field => field.IsChanged);
        Assert.Equal(("balance", "10.00", "7.50"), (balance.Name, balance.Before, balance.After));
    }

    [Fact]
    public void An_envelope_with_its_schema_around_it_is_understood_too()
    {
        var change = DecodedValue.Of(Encoding.UTF8.GetBytes($$"""{"schema":{"type":"struct"},"payload":{{Update}}}""")).Change;

        Assert.NotNull(change);
        Assert.Equal("u", change.Operation);
    }

    [Fact]
    public void Letters_of_all_scripts_stay_letters() => Assert.Contains("김민준", DecodedValue.Of(Encoding.UTF8.GetBytes(Update)).Full, StringComparison.Ordinal);

    [Theory]
    [InlineData(null, nameof(ValueEncoding.Null), "null")]
    [InlineData("hello", nameof(ValueEncoding.Text), "hello")]
    [InlineData("{\"a\": 12345678901234567890}", nameof(ValueEncoding.Json), "{\"a\":12345678901234567890}")]
    [InlineData("{broken", nameof(ValueEncoding.Text), "{broken")]
    public void Values_are_told_apart(string? text, string encoding, string line)
    {
        var value = DecodedValue.Of(text is null ? null : Encoding.UTF8.GetBytes(text));

        Assert.Equal(encoding, value.Encoding.ToString());
        Assert.Equal(line, value.Line);
    }

    [Fact]
    public void Binary_keys_show_their_number_and_schema_ids_their_id()
    {
        Assert.Equal("-2 (int64)", DecodedValue.Of([255, 255, 255, 255, 255, 255, 255, 254]).Line);
        Assert.Equal("schema 42, 3 bytes", DecodedValue.Of([0, 0, 0, 0, 42, 1, 2, 3]).Line);
    }

    [Fact]
    public void No_bytes_are_beyond_showing()
    {
        var random = new Random(1);
        var original = Encoding.UTF8.GetBytes(Update);
        for (var i = 0; i < 3000; i++)
        {
            var bytes = random.Next(4) == 0 ? RandomBytes(random) : Damage.Bytes(original, random);
            var value = DecodedValue.Of(bytes);
            Assert.NotNull(value.Full);
            Assert.True(value.Line.Length <= 401);
        }
    }

    [Fact]
    public void Half_a_surrogate_pair_is_shown_as_text() => Assert.Equal(ValueEncoding.Text, DecodedValue.Of("""{"a":"\ud800"}"""u8.ToArray()).Encoding);

    [Fact]
    public void Envelopes_with_odd_values_never_throw()
    {
        var random = new Random(2);
        using var document = JsonDocument.Parse(Update);
        for (var i = 0; i < 3000; i++) DecodedValue.Of(Encoding.UTF8.GetBytes(Damage.Values(document.RootElement, random)));
    }

    [Fact]
    public void An_alert_is_read_whatever_its_fields_are_called()
    {
        var alert = Read("""{"Rule":"velocity","account_id":1001,"Severity":"HIGH","detected_at":1795456920736,"amount":5}""");

        Assert.Equal(("velocity", "1001", "HIGH", "amount 5"), (alert.Kind, alert.Subject, alert.Severity, alert.Summary));
        Assert.Equal(1795456920736, alert.Time.ToUnixTimeMilliseconds());
    }

    [Fact]
    public void Alerts_with_odd_values_never_throw()
    {
        var random = new Random(3);
        using var document = JsonDocument.Parse("""{"rule":"velocity","accountId":1001,"severity":"HIGH","detectedAt":"2026-07-04T00:00:00Z","evidence":[{"id":1}]}""");
        for (var i = 0; i < 3000; i++) Assert.NotNull(Read(Damage.Values(document.RootElement, random)).Kind);
    }

    [Fact]
    public void A_clickhouse_answer_becomes_a_table()
    {
        var result = QueryResult.Parse("""{"meta":[{"name":"t","type":"DateTime"},{"name":"n","type":"Nullable(UInt64)"}],"data":[["2026-07-04 00:00:00","18446744073709551615"],["2026-07-04 00:00:01",null]],"rows":2,"statistics":{"elapsed":0.01,"rows_read":2,"bytes_read":32}}"""u8.ToArray());

        Assert.Equal([false, true], result.Columns.Select(static column => column.IsNumber));
        Assert.Equal("18446744073709551615", result.Rows[0][1]);
        Assert.Null(result.Rows[1][1]);
        Assert.Null(result.NumberAt(1, 1));
        var many = QueryResult.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"meta":[{"name":"n","type":"UInt8"}],"data":[{{string.Join(',', Enumerable.Repeat("[1]", 65_409))}}],"rows":65409}"""));
        Assert.Equal((ClickHouseClient.RowLimit, true), (many.Rows.Count, many.IsCut));
        Assert.Equal("Ok.", QueryResult.Parse("Ok."u8.ToArray()).PlainText);
    }

    [Fact]
    public void Clickhouse_answers_with_odd_values_never_throw()
    {
        var random = new Random(4);
        var answer = """{"meta":[{"name":"t","type":"DateTime"}],"data":[["a"],["b"]],"rows":2,"statistics":{"elapsed":0.01,"rows_read":2}}"""u8.ToArray();
        for (var i = 0; i < 3000; i++) QueryResult.Parse(Damage.Bytes(answer, random));
    }

    private static byte[] RandomBytes(Random random)
    {
        var bytes = new byte[random.Next(64)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static Alert Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        return AlertReading.Read(new KafkaRecord("fraud", 0, 1, DateTimeOffset.UnixEpoch, null, Encoding.UTF8.GetBytes(json), []), document.RootElement, "", json);
    }
}
