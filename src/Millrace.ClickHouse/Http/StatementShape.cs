using System.Text;

namespace Millrace.ClickHouse;

/// <summary>
/// The little that the front must know of a statement: whether its result is to be streamed, and which format it names itself.
/// ClickHouse's own parser decides all else.
/// </summary>
internal readonly record struct StatementShape(bool Streams, string? Format)
{
    // A FORMAT clause stands at the statement's end, before SETTINGS at most.
    private const int TailLength = 512;
    private const int LongestFirstWord = 16;

    internal static StatementShape Of(ReadOnlySpan<byte> query)
    {
        var start = SqlScanner.Blank(query);
        var text = query[start..];
        if (!text.IsEmpty && text[0] == '(')
            return new StatementShape(IsSingle(text), FormatClause(text));
        var length = 0;
        while (length < text.Length && length < LongestFirstWord && char.IsAsciiLetter((char)text[length]))
            length++;
        var word = Encoding.ASCII.GetString(text[..length]).ToUpperInvariant();
        // These may have large results; the others' are small, and not all of them can be fetched in chunks.
        var selects = word is "SELECT" or "WITH" or "FROM";
        var answers = selects || word is "SHOW" or "DESCRIBE" or "DESC" or "EXPLAIN" or "EXISTS" or "CHECK";
        return new StatementShape(selects && IsSingle(text), answers ? FormatClause(text) : null);
    }

    // A semicolon followed by more: several statements, which the engine runs one after the other, whole.
    private static bool IsSingle(ReadOnlySpan<byte> text)
    {
        var semicolon = text.IndexOf((byte)';');
        return semicolon < 0 || SqlScanner.Blank(text[(semicolon + 1)..]) == text.Length - semicolon - 1;
    }

    private static string? FormatClause(ReadOnlySpan<byte> text)
    {
        var tail = Encoding.Latin1.GetString(text[Math.Max(0, text.Length - TailLength)..]);
        var at = tail.LastIndexOf("FORMAT", StringComparison.OrdinalIgnoreCase);
        if (at <= 0 || !char.IsWhiteSpace(tail[at - 1]) && tail[at - 1] != ')' || at + 6 >= tail.Length || !char.IsWhiteSpace(tail[at + 6]))
            return null;
        var name = tail.AsSpan(at + 6).TrimStart();
        var length = 0;
        while (length < name.Length && char.IsAsciiLetterOrDigit(name[length]))
            length++;
        var after = name[length..].TrimStart();
        var isEnd = after.IsEmpty || after[0] == ';' || after.StartsWith("SETTINGS", StringComparison.OrdinalIgnoreCase);
        return length > 0 && isEnd ? name[..length].ToString() : null;
    }
}
