namespace Millrace.Connect.Postgres.Types;

/// <summary>Parses PostgreSQL's array text: <c>{1,2,NULL,"a \"b\""}</c>, nested, with or without bounds.</summary>
internal static class ArrayText
{
    // PostgreSQL's MAXDIM.
    private const int MaxDepth = 6;

    internal static List<object?> Read(ReadOnlySpan<byte> text, TextReader element)
    {
        // Bounds other than 1 come first: [0:2]={…}
        if (text.Length > 0 && text[0] == '[')
        {
            var start = text.IndexOf((byte)'=');
            if (start < 0) throw Bad();
            text = text[(start + 1)..];
        }

        var position = 0;
        var result = ReadList(text, ref position, element, 0);
        return position == text.Length ? result : throw Bad();
    }

    private static List<object?> ReadList(ReadOnlySpan<byte> text, ref int position, TextReader element, int depth)
    {
        if (depth >= MaxDepth || position >= text.Length || text[position++] != '{') throw Bad();
        var result = new List<object?>();
        if (position < text.Length && text[position] == '}')
        {
            position++;
            return result;
        }

        while (true)
        {
            if (position >= text.Length) throw Bad();
            result.Add(text[position] switch
            {
                (byte)'{' => ReadList(text, ref position, element, depth + 1),
                (byte)'"' => ReadQuoted(text, ref position, element),
                _ => ReadPlain(text, ref position, element),
            });
            if (position >= text.Length) throw Bad();
            if (text[position++] is var next && next == '}') return result;
            if (next != ',') throw Bad();
        }
    }

    private static object? ReadPlain(ReadOnlySpan<byte> text, ref int position, TextReader element)
    {
        var length = text[position..].IndexOfAny((byte)',', (byte)'}');
        if (length <= 0) throw Bad();
        var item = text.Slice(position, length);
        position += length;
        return item.SequenceEqual("NULL"u8) ? null : element(item);
    }

    private static object? ReadQuoted(ReadOnlySpan<byte> text, ref int position, TextReader element)
    {
        var buffer = new byte[text.Length - position];
        var length = 0;
        for (position++; position < text.Length; position++)
        {
            if (text[position] == '"')
            {
                position++;
                return element(buffer.AsSpan(0, length));
            }

            if (text[position] == '\\' && ++position >= text.Length) break;
            buffer[length++] = text[position];
        }

        throw Bad();
    }

    private static FormatException Bad() => new("not an array in PostgreSQL's form");
}
