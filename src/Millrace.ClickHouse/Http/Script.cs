namespace Millrace.ClickHouse;

/// <summary>
/// Several statements in one body, separated by semicolons. They are given to the engine one by one: its own script parser ends an INSERT's data at an empty
/// line, and its readers of data leave what follows a semicolon unread.
/// </summary>
internal static class Script
{
    /// <summary>Finds the first statement.</summary>
    /// <param name="text">The script.</param>
    /// <param name="next">Where what follows it begins.</param>
    /// <returns>Its length, without the semicolon.</returns>
    internal static int First(ReadOnlySpan<byte> text, out int next)
    {
        next = text.Length;
        var from = 0;
        if (InsertShape.Of(text) is { } insert)
        {
            // Data of a format end with the body; a semicolon within belongs to them.
            if (insert.Format != "Values")
                return text.Length;
            from = insert.DataOffset;
        }

        if (text[from..].IndexOf((byte)';') < 0)
            return text.Length;
        var scanner = new SqlScanner(text[from..]);
        while (scanner.Next())
        {
            if (scanner.Is(';'))
            {
                next = from + scanner.End;
                return from + scanner.Start;
            }
        }

        return text.Length;
    }

    /// <summary>Takes the next statement off a script.</summary>
    /// <param name="script">What is left of the script; without the statement afterwards.</param>
    /// <param name="isLast">True if no other follows.</param>
    /// <returns>The statement; empty at the end.</returns>
    internal static ReadOnlyMemory<byte> Next(ref ReadOnlyMemory<byte> script, out bool isLast)
    {
        while (!script.IsEmpty)
        {
            var statement = script[..First(script.Span, out var next)];
            script = script[next..];
            isLast = IsEmpty(script.Span);
            if (!IsEmpty(statement.Span))
                return statement;
        }

        isLast = true;
        return default;
    }

    /// <summary>True if there is nothing but blanks, comments and semicolons.</summary>
    internal static bool IsEmpty(ReadOnlySpan<byte> text)
    {
        var scanner = new SqlScanner(text);
        while (scanner.Next())
        {
            if (!scanner.Is(';'))
                return false;
        }

        return true;
    }
}
