using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Millrace.Console.Records;

/// <summary>How the bytes were understood.</summary>
internal enum ValueEncoding
{
    /// <summary>No value: a tombstone, or a record without a key.</summary>
    Null,

    /// <summary>JSON.</summary>
    Json,

    /// <summary>UTF-8 text that is not JSON.</summary>
    Text,

    /// <summary>Confluent's wire format: a schema id, then bytes of that schema.</summary>
    Schema,

    /// <summary>Anything else.</summary>
    Binary,
}

/// <summary>A key or a value in a form that people can read.</summary>
/// <param name="Encoding">How the bytes were understood.</param>
/// <param name="Line">One line, for lists.</param>
/// <param name="Full">All of it, set out over lines.</param>
/// <param name="Change">The change that a Debezium envelope tells of; null for anything else.</param>
internal sealed record DecodedValue(ValueEncoding Encoding, string Line, string Full, ChangeEvent? Change)
{
    private const int LineLength = 400;

    // Records of a bank hold names in all scripts; show letters, not escapes. The page encodes for HTML.
    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static DecodedValue Of(byte[]? bytes)
    {
        if (bytes is null) return new(ValueEncoding.Null, "null", "null", null);
        if (bytes.Length > 5 && bytes[0] == 0)
        {
            var id = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(1));
            if (id is > 0 and < 10_000_000)
                return new(ValueEncoding.Schema, $"schema {id}, {bytes.Length - 5} bytes", $"schema id {id}\n{Hex(bytes.AsSpan(5))}", null);
        }

        string text;
        try
        {
            text = Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Binary(bytes);
        }

        if (LooksLikeJson(text))
        {
            try
            {
                using var document = JsonDocument.Parse(text);
                var root = document.RootElement;
                return new(ValueEncoding.Json, Cut(JsonSerializer.Serialize(root, Compact)), JsonSerializer.Serialize(root, Pretty), ChangeEvent.TryRead(root));
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // Text that begins like JSON, or JSON with half a surrogate pair.
            }
        }

        return text.Any(static c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) ? Binary(bytes) : new(ValueEncoding.Text, Cut(text.ReplaceLineEndings(" ")), text, null);
    }

    private static bool LooksLikeJson(string text)
    {
        var trimmed = text.AsSpan().Trim();
        return trimmed.Length > 0 && (trimmed[0] is '{' or '[' or '"' or '-' || char.IsAsciiDigit(trimmed[0]) || trimmed is "true" or "false" or "null");
    }

    // Keys are often one big-endian number.
    private static DecodedValue Binary(byte[] bytes)
    {
        var line = bytes.Length switch
        {
            4 => $"{BinaryPrimitives.ReadInt32BigEndian(bytes)} (int32)",
            8 => $"{BinaryPrimitives.ReadInt64BigEndian(bytes)} (int64)",
            _ => $"{bytes.Length} bytes: {Convert.ToHexStringLower(bytes.AsSpan(0, Math.Min(24, bytes.Length)))}{(bytes.Length > 24 ? "…" : "")}",
        };
        return new(ValueEncoding.Binary, line, Hex(bytes), null);
    }

    private static string Hex(ReadOnlySpan<byte> bytes)
    {
        var shown = bytes[..Math.Min(bytes.Length, 4096)];
        var text = new StringBuilder();
        for (var at = 0; at < shown.Length; at += 16)
        {
            var row = shown[at..Math.Min(at + 16, shown.Length)];
            text.Append(at.ToString("x6")).Append("  ");
            foreach (var b in row) text.Append(b.ToString("x2")).Append(' ');
            text.Append(' ', ((16 - row.Length) * 3) + 1);
            foreach (var b in row) text.Append(b is >= 0x20 and < 0x7f ? (char)b : '·');
            text.Append('\n');
        }

        if (shown.Length < bytes.Length) text.Append($"… {bytes.Length - shown.Length} more bytes");
        return text.ToString();
    }

    private static string Cut(string text) => text.Length <= LineLength ? text : string.Concat(text.AsSpan(0, LineLength), "…");
}
