using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Millrace.Connect.Data;
using Millrace.Connect.Postgres.Catalog;
using Millrace.Connect.Postgres.Configuration;
using Millrace.Connect.Postgres.Events;
using Millrace.Connect.Postgres.Replication;
using Millrace.Connect.Postgres.Snapshot;
using Millrace.Connect.Postgres.Types;

namespace Millrace.Connect.Postgres.Tests;

/// <summary>Values and messages as bytes: mapping by type, and hostile input.</summary>
public sealed class ReadingTests
{
    [Theory]
    [InlineData("int8", -1, "-9223372036854775808", long.MinValue)]
    [InlineData("float8", -1, "1e-300", 1e-300)]
    [InlineData("float8", -1, "NaN", double.NaN)]
    [InlineData("bool", -1, "t", true)]
    [InlineData("numeric", -1, "123456789012345678901234567890.10", "123456789012345678901234567890.10")]
    [InlineData("numeric", -1, "NaN", "NAN")]
    [InlineData("numeric", -1, "-Infinity", "NEGATIVE_INFINITY")]
    [InlineData("date", -1, "1970-01-02", 1)]
    [InlineData("date", -1, "0001-01-01 BC", -719528)]
    [InlineData("date", -1, "infinity", int.MaxValue)]
    [InlineData("timestamp", -1, "1969-12-31 23:59:59.999999", -1L)]
    [InlineData("timestamp", 3, "1969-12-31 23:59:59.999", -1L)]
    [InlineData("timestamp", -1, "-infinity", long.MinValue)]
    [InlineData("timestamptz", -1, "2024-02-29 23:30:00+00", "2024-02-29T23:30:00.000000Z")]
    [InlineData("timestamptz", 0, "2024-02-29 23:30:00-03:30", "2024-03-01T03:00:00Z")]
    [InlineData("timestamptz", -1, "12024-02-29 00:00:00+00", "+12024-02-29T00:00:00.000000Z")]
    [InlineData("time", -1, "24:00:00", 86_400_000_000L)]
    [InlineData("time", 0, "12:34:56", 45_296_000)]
    [InlineData("timetz", -1, "01:00:00+02", "23:00:00Z")]
    [InlineData("interval", -1, "P1DT-2H", 79_200_000_000L)]
    [InlineData("money", -1, "-$1,234.56", "-1234.56")]
    [InlineData("bpchar", -1, "ab   ", "ab   ")]
    [InlineData("bit", 1, "1", true)]
    [InlineData("somethingnew", -1, "as it is", "as it is")]
    public void Values_have_Debeziums_form(string type, int modifier, string text, object expected) => Assert.Equal(expected, Reader(type, modifier).Read(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Exact_decimals_arrays_and_bytes()
    {
        var precise = new PostgresOptions(Config(("decimal.handling.mode", "precise")));
        // numeric(10,3): ((10 << 16) | 3) + 4
        Assert.Equal(new ConnectDecimal(1500, 3), new TypeMapping(precise).For(Type("numeric"), (10 << 16) + 3 + 4, null).Read("1.5"u8));
        Assert.Equal(2046 - 2048, ((((5 << 16) | (-2 & 0x7ff)) & 0x7ff) ^ 1024) - 1024);
        Assert.Equal("12345.6789", new ConnectDecimal(123456789, 4).ToString());
        var array = new TypeMapping(Options()).For(Type("_text"), -1, Reader("text", -1));
        Assert.Equal(["a,\"b", null, "NULL", "{"], Assert.IsType<List<object?>>(array.Read("{\"a,\\\"b\",NULL,\"NULL\",\"{\"}"u8)));
        Assert.Equal([[1, 2], [3, null]], Assert.IsType<List<object?>>(new TypeMapping(Options()).For(Type("_int4"), -1, Reader("int4", -1)).Read("[0:1][1:2]={{1,2},{3,NULL}}"u8)).Cast<List<object?>>().Select(l => l.Cast<int?>().ToArray()));
        Assert.Equal(new byte[] { 0xde, 0xad }, Reader("bytea", -1).Read("\\xdead"u8));
        Assert.Equal(new byte[] { 0x0f }, Reader("bit", 12).Read("000000001111"u8));
    }

    [Fact]
    public void Copy_lines_are_split_and_unescaped()
    {
        ReadOnlySpan<byte> line = "a\\tb\\\\\t\\N\t\t\\n"u8;
        var scratch = new byte[64];
        Assert.True(CopyText.Next(ref line, scratch, out var value));
        Assert.Equal("a\tb\\", Encoding.UTF8.GetString(value));
        Assert.False(CopyText.Next(ref line, scratch, out _));
        Assert.True(CopyText.Next(ref line, scratch, out value));
        Assert.True(value.IsEmpty);
        Assert.True(CopyText.Next(ref line, scratch, out value));
        Assert.Equal("\n", Encoding.UTF8.GetString(value));
    }

    [Fact]
    public void Snapshot_visibility_knows_which_transactions_it_has_seen()
    {
        var snapshot = SnapshotVisibility.Parse("4294967300:4294967310:4294967302,4294967305", lsn: 1000);
        Assert.True(snapshot.HasSeen(4, 10));
        Assert.False(snapshot.HasSeen(6, 10));
        Assert.False(snapshot.HasSeen(9, 10));
        Assert.False(snapshot.HasSeen(14, 10));
        Assert.False(snapshot.HasSeen(4, 1000));
        Assert.True(snapshot.HasSeen(uint.MaxValue, 10));
    }

    [Fact]
    public void Positions_survive_connect_offsets()
    {
        var offset = new PostgresOffset { CompleteLsn = 5, TransactionLsn = 9, Sequence = 3, Lsn = 8, TransactionId = 77, CommitMicros = 1, SystemId = "42", Visibility = SnapshotVisibility.Parse("1:9:2", 20) };
        var read = PostgresOffset.Parse(offset.ToMap());
        Assert.Equal(offset.ToMap(), read.ToMap());
        Assert.Throws<DataException>(() => PostgresOffset.Parse(new Dictionary<string, object?> { ["lsn"] = "x" }));
        Assert.Equal(5UL, PostgresOffset.Parse(new Dictionary<string, object?> { ["lsn"] = 7L, ["lsn_commit"] = 5L, ["txId"] = 3L }).CompleteLsn);
    }

    [Fact]
    public void Any_message_is_decoded_or_refused() =>
        Gen.Select(Gen.Byte.Array[0, 60], Gen.Int[0, 12], Gen.Int[0, 59], Gen.Byte).Sample(
            (noise, which, at, replaced) =>
            {
                var message = which < Messages.Length ? (byte[])Messages[which].Clone() : noise;
                if (message.Length > 0) message[at % message.Length] = replaced;
                try
                {
                    PgOutputDecoder.Decode(message, new Nothing());
                }
                catch (DataException)
                {
                }
            },
            iter: 20_000,
            seed: "0000KOIQJRe0");

    [Fact]
    public void Any_text_is_a_value_or_a_format_exception()
    {
        string[] types = ["int2", "int4", "int8", "float4", "float8", "bool", "numeric", "money", "bytea", "bit", "uuid", "jsonb", "date", "time", "timetz", "timestamp", "timestamptz", "interval", "point"];
        var readers = types.Select(t => Reader(t, -1)).Append(new TypeMapping(Options()).For(Type("_int4"), -1, Reader("int4", -1))).ToArray();
        Gen.Select(Gen.Int[0, readers.Length - 1], Gen.String[Gen.Char["0123456789-+:., {}\"\\xPTYMDHSinfityBCN()$"], 0, 30]).Sample(
            (i, text) =>
            {
                try
                {
                    readers[i].Read(Encoding.UTF8.GetBytes(text));
                }
                catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
                {
                }
            },
            iter: 20_000,
            seed: "0000KOIQJRe0");
    }

    private static byte[][] Messages { get; } =
    [
        [(byte)'B', .. Long(100), .. Long(0), .. Int(7)],
        [(byte)'C', 0, .. Long(100), .. Long(108), .. Long(0)],
        [(byte)'R', .. Int(16384), .. "public\0t\0d"u8, 0, 2, 1, .. "id\0"u8, .. Int(23), .. Int(-1), 0, .. "v\0"u8, .. Int(25), .. Int(-1)],
        [(byte)'I', .. Int(16384), (byte)'N', 0, 2, (byte)'t', .. Int(1), (byte)'1', (byte)'n'],
        [(byte)'U', .. Int(16384), (byte)'K', 0, 2, (byte)'t', .. Int(1), (byte)'1', (byte)'n', (byte)'N', 0, 2, (byte)'t', .. Int(1), (byte)'2', (byte)'u'],
        [(byte)'D', .. Int(16384), (byte)'O', 0, 2, (byte)'t', .. Int(1), (byte)'1', (byte)'n'],
        [(byte)'T', .. Int(1), 0, .. Int(16384)],
        [(byte)'M', 0, .. Long(5), .. "p\0"u8, .. Int(2), 1, 2],
        [(byte)'O', .. Long(5), .. "origin\0"u8],
    ];

    private static byte[] Int(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Long(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    private static TypeInfo Type(string name) => new(1, name, 'b', 0, -1, 0, []);

    private static ValueReader Reader(string type, int modifier) => new TypeMapping(Options()).For(Type(type), modifier, null);

    private static PostgresOptions Options() => new(Config());

    private static Dictionary<string, string> Config(params (string Key, string Value)[] more)
    {
        var config = new Dictionary<string, string> { ["topic.prefix"] = "p", ["database.dbname"] = "d", ["database.hostname"] = "h", ["database.user"] = "u" };
        foreach (var (key, value) in more) config[key] = value;
        return config;
    }

    private sealed class Nothing : IPgOutputHandler
    {
        public void Begin(ulong commitLsn, long commitMicros, uint xid)
        {
        }

        public void Commit(ulong commitLsn, ulong endLsn)
        {
        }

        public void Origin(ulong lsn, string name)
        {
        }

        public void Relation(RelationMessage relation)
        {
        }

        public void Change(char operation, uint relation, TupleReader? before, bool beforeIsKey, TupleReader? after)
        {
        }

        public void Truncate(IReadOnlyList<uint> relations)
        {
        }

        public void Message(bool transactional, ulong lsn, string prefix, ReadOnlySpan<byte> content)
        {
        }
    }
}
