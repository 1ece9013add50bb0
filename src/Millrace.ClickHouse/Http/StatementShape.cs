using System.Text;

namespace Millrace.ClickHouse;

/// <summary>
/// The little that the front must know of a statement: whether its result is to be streamed, and which format it names itself.
/// ClickHouse's own parser decides all else.
/// </summary>
/// <param name="Streams">True for a query whose result may be large and can be fetched in chunks.</param>
/// <param name="Format">The format that the statement names; null if it names none.</param>
/// <param name="HasExtras">True if totals may follow the rows, which comes as a document of its own.</param>
internal readonly record struct StatementShape(bool Streams, string? Format, bool HasExtras = false)
{
    internal static StatementShape Of(ReadOnlySpan<byte> query)
    {
        var scanner = new SqlScanner(query);
        if (!scanner.Next())
            return default;
        // These may have large results; the others' are small, and not all of them can be fetched in chunks.
        var selects = scanner.Is('(') || scanner.IsWord("SELECT") || scanner.IsWord("WITH") || scanner.IsWord("FROM");
        if (!selects && !Answers(ref scanner))
            return default;
        string? format = null;
        var hasExtras = false;
        while (scanner.Next())
        {
            if (scanner.IsWord("FORMAT"))
                format = NameAfter(query, scanner) ?? format;
            else
                hasExtras |= scanner.IsWord("TOTALS") || scanner.IsWord("EXTREMES");
        }

        return new StatementShape(selects, format, hasExtras);
    }

    private static bool Answers(ref SqlScanner scanner) =>
        scanner.IsWord("SHOW") || scanner.IsWord("DESCRIBE") || scanner.IsWord("DESC") || scanner.IsWord("EXPLAIN") || scanner.IsWord("EXISTS") || scanner.IsWord("CHECK") || scanner.IsWord("KILL");

    // FORMAT name, quoted or not, at the end or before SETTINGS. Whatever else may be called so is taken for a format that is not known, which is fetched whole.
    private static string? NameAfter(ReadOnlySpan<byte> query, SqlScanner scanner)
    {
        if (!scanner.Next())
            return null;
        var name = query[scanner.Start..scanner.End];
        if (name[0] is (byte)'`' or (byte)'"' && name.Length > 2)
            name = name[1..^1];
        else if (!scanner.IsAnyWord)
            return null;
        return !scanner.Next() || scanner.Is(';') || scanner.IsWord("SETTINGS") || scanner.IsWord("INTO") ? Encoding.UTF8.GetString(name) : null;
    }
}
