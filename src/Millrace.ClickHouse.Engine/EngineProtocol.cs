using System.Buffers.Binary;
using System.Text.Json.Serialization;

namespace Millrace.ClickHouse.Engine;

/// <summary>
/// What the front and the child say to each other over a Unix socket, one query at a time on each connection.
/// Request: u32 length of the head, u64 length of the body, head (JSON), body (the query's bytes with inline data).
/// Response: frames of u8 kind, u32 length, payload; the last one is <see cref="End"/> or <see cref="Error"/>. All integers are little-endian.
/// </summary>
internal static class EngineProtocol
{
    internal const int RequestHeader = 12;
    internal const int FrameHeader = 5;

    /// <summary>A chunk of the result.</summary>
    internal const byte Data = (byte)'D';

    /// <summary>The query failed; the payload is ClickHouse's message.</summary>
    internal const byte Error = (byte)'E';

    /// <summary>The query ended well; the payload is <see cref="EngineSummary"/>.</summary>
    internal const byte End = (byte)'S';

    /// <summary>A request's head is settings and parameters: more than this is not one.</summary>
    internal const int MaximumHead = 16 << 20;

    internal static (uint Head, ulong Body) ReadRequestHeader(ReadOnlySpan<byte> bytes) =>
        (BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[4..]));

    internal static void WriteRequestHeader(Span<byte> bytes, int head, long body)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)head);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[4..], (ulong)body);
    }

    internal static void WriteFrameHeader(Span<byte> bytes, byte kind, int length)
    {
        bytes[0] = kind;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[1..], (uint)length);
    }
}

/// <summary>How a query is to be run.</summary>
internal sealed record EngineRequest
{
    /// <summary>Marks the query in <c>system.processes</c>, so that it can be found and cancelled.</summary>
    public string Marker { get; init; } = "";

    /// <summary>Cancel the query with this marker; the body is empty.</summary>
    public string? Cancel { get; init; }

    public string Database { get; init; } = "";

    public string Format { get; init; } = "TabSeparated";

    /// <summary>True if the statement is a query whose result is fetched in chunks.</summary>
    public bool Streams { get; init; }

    /// <summary>The format of an INSERT's data; null for every other statement.</summary>
    public string? InsertFormat { get; init; }

    /// <summary>The length of the INSERT statement at the body's beginning.</summary>
    public int StatementLength { get; init; }

    /// <summary>Where in the body the INSERT's data begin.</summary>
    public int DataOffset { get; init; }

    /// <summary>True to keep the engine's session (settings, temporary tables) for the connection's next query.</summary>
    public bool KeepsSession { get; init; }

    public Dictionary<string, string> Settings { get; init; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Parameters { get; init; } = new(StringComparer.Ordinal);
}

/// <summary>What a query did.</summary>
internal sealed record EngineSummary
{
    public long ReadRows { get; init; }

    public long ReadBytes { get; init; }

    public long WrittenRows { get; init; }

    public long WrittenBytes { get; init; }

    public long ResultRows { get; init; }

    public long ResultBytes { get; init; }

    public long ElapsedNanoseconds { get; init; }
}

[JsonSerializable(typeof(EngineRequest))]
[JsonSerializable(typeof(EngineSummary))]
internal sealed partial class EngineJson : JsonSerializerContext;
