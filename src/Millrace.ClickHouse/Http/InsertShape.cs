using System.Text;

namespace Millrace.ClickHouse;

/// <summary>
/// Where an <c>INSERT</c>'s data begin. They are given to the engine apart from the statement: its script parser, which reads statements with
/// their data in one text, ends data at an empty line, and bytes of a binary format may look like one.
/// </summary>
/// <param name="StatementLength">The statement's length, without its <c>FORMAT</c> or <c>VALUES</c> word.</param>
/// <param name="Format">The data's format.</param>
/// <param name="DataOffset">Where the data begin.</param>
internal readonly record struct InsertShape(int StatementLength, string Format, int DataOffset)
{
    /// <summary>The shape of an INSERT with data; null for every other statement (INSERT … SELECT too).</summary>
    internal static InsertShape? Of(ReadOnlySpan<byte> text)
    {
        var scanner = new SqlScanner(text);
        if (!scanner.Next() || !scanner.IsWord("INSERT") || !scanner.Next() || !scanner.IsWord("INTO") || !SkipTarget(ref scanner))
            return null;
        var depth = 0;
        do
        {
            if (scanner.Is('('))
                depth++;
            else if (scanner.Is(')'))
                depth--;
            else if (depth == 0 && scanner.IsWord("VALUES"))
                return new InsertShape(scanner.Start, "Values", scanner.End);
            else if (depth == 0 && scanner.IsWord("FORMAT"))
                return Formatted(text, ref scanner);
            else if (depth == 0 && (scanner.IsWord("SELECT") || scanner.IsWord("WITH") || scanner.IsWord("FROM") || scanner.IsWord("WATCH") || scanner.Is(';')))
                return null;
        }
        while (scanner.Next());
        return null;
    }

    // [TABLE] [FUNCTION] name: a table may be named format or values.
    private static bool SkipTarget(ref SqlScanner scanner)
    {
        if (!scanner.Next())
            return false;
        if ((scanner.IsWord("TABLE") || scanner.IsWord("FUNCTION")) && !scanner.Next())
            return false;
        if (scanner.IsWord("FUNCTION") && !scanner.Next())
            return false;
        while (scanner.Next())
        {
            if (!scanner.Is('.'))
                return true;
            if (!scanner.Next())
                return false;
        }

        return false;
    }

    private static InsertShape? Formatted(ReadOnlySpan<byte> text, ref SqlScanner scanner)
    {
        var statement = scanner.Start;
        if (!scanner.Next() || !scanner.IsAnyWord)
            return null;
        var format = Encoding.ASCII.GetString(text[scanner.Start..scanner.End]);
        // One line break ends the statement's line; what follows it belongs to the data.
        var at = scanner.End;
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t' or (byte)'\f')
            at++;
        if (at < text.Length && text[at] == '\r')
            at++;
        if (at < text.Length && text[at] == '\n')
            at++;
        return new InsertShape(statement, format, at);
    }
}
