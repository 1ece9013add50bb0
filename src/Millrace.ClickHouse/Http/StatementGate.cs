using System.Text;

namespace Millrace.ClickHouse;

/// <summary>What does not reach the engine as it stands, because libchdb, made to sit in a client, would take it otherwise than a server does.</summary>
internal static class StatementGate
{
    // The engine's client half ends quietly at these, as if they had been typed at its prompt.
    private static readonly HashSet<string> Goodbyes = new(StringComparer.OrdinalIgnoreCase)
    {
        "exit", "quit", "logout", "q", "\\q", ":q", "exit;", "quit;", "logout;", "quit()", "exit()",
    };

    private const int LongestGoodbye = 8;

    // The guid and the mark before it that QueryRunner puts behind a query's name.
    private const int MarkerTail = 33;

    /// <summary>Gives the statement to run.</summary>
    /// <exception cref="ClickHouseException">A server does not take it.</exception>
    internal static ReadOnlyMemory<byte> Admit(ReadOnlyMemory<byte> statement)
    {
        var text = statement.Span;
        var start = SqlScanner.Blank(text);
        if (text[start] is >= 0x80 or < (byte)' ' || IsGoodbye(text[start..]))
            throw new ClickHouseException(ErrorCodes.SyntaxError, "SYNTAX_ERROR", $"Syntax error: failed at position {start + 1}: a statement begins with a word of SQL");
        RefuseFiles(text);
        return KillByName(text) ?? statement;
    }

    private static bool IsGoodbye(ReadOnlySpan<byte> text)
    {
        var end = text.Length;
        while (end > 0 && text[end - 1] <= ' ')
            end--;
        return end <= LongestGoodbye && Goodbyes.Contains(Encoding.Latin1.GetString(text[..end]));
    }

    // A client writes its own files; here they would be the server's.
    private static void RefuseFiles(ReadOnlySpan<byte> text)
    {
        var end = InsertShape.Of(text) is { } insert ? insert.StatementLength : text.Length;
        var scanner = new SqlScanner(text[..end]);
        var (wasInto, wasFrom) = (false, false);
        while (scanner.Next())
        {
            if (wasInto && scanner.IsWord("OUTFILE"))
                throw new ClickHouseException(ErrorCodes.IntoOutfileNotAllowed, "INTO_OUTFILE_NOT_ALLOWED", "INTO OUTFILE is not allowed: it would write a file of the server. Take the answer (curl -o FILE)");
            if (wasFrom && scanner.IsWord("INFILE"))
                throw new ClickHouseException(ErrorCodes.NotImplemented, "NOT_IMPLEMENTED", "FROM INFILE is not allowed: it would read a file of the server. Send the file as the body (curl --data-binary @FILE)");
            (wasInto, wasFrom) = (scanner.IsWord("INTO"), scanner.IsWord("FROM"));
        }
    }

    // The engine gives each query an id of its own; the name that the client gave is in the mark. Both are to be found.
    private static byte[]? KillByName(ReadOnlySpan<byte> text)
    {
        var scanner = new SqlScanner(text);
        if (!scanner.Next() || !scanner.IsWord("KILL") || !scanner.Next() || !scanner.IsWord("QUERY"))
            return null;
        while (scanner.Next())
        {
            if (!scanner.IsWord("QUERY_ID"))
                continue;
            var from = scanner.Start;
            if (!scanner.Next() || !scanner.Is('=') || !scanner.Next() || !scanner.Is('\''))
                continue;
            var name = Encoding.UTF8.GetString(text[scanner.Start..scanner.End]);
            var found = Encoding.UTF8.GetBytes($"(query_id = {name} OR left(Settings['log_comment'], -{MarkerTail}) = {name})");
            return [.. text[..from], .. found, .. text[scanner.End..]];
        }

        return null;
    }
}
