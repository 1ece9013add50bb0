namespace Millrace.ClickHouse;

/// <summary>Walks over SQL's tokens: words, quoted names and strings, single characters; skips spaces and comments.</summary>
internal ref struct SqlScanner(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>The token's first byte.</summary>
    internal int Start { get; private set; }

    /// <summary>The byte after the token.</summary>
    internal int End { get; private set; }

    internal readonly bool IsAnyWord => IsWordByte(_text[Start]);

    /// <summary>Moves to the next token.</summary>
    /// <returns>False at the end.</returns>
    internal bool Next()
    {
        Start = End + Blank(_text[End..]);
        End = Start;
        if (Start >= _text.Length)
            return false;
        var first = _text[Start];
        if (first is (byte)'\'' or (byte)'"' or (byte)'`')
            End = Quoted(first);
        else if (first == '$' && HereDocument() is var end and > 0)
            End = end;
        else if (IsWordByte(first))
            while (End < _text.Length && IsWordByte(_text[End]))
                End++;
        else
            End = Start + 1;
        return true;
    }

    internal readonly bool Is(char character) => _text[Start] == character;

    internal readonly bool IsWord(string upper)
    {
        var token = _text[Start..End];
        if (token.Length != upper.Length)
            return false;
        for (var i = 0; i < token.Length; i++)
        {
            if (char.ToUpperInvariant((char)token[i]) != upper[i])
                return false;
        }

        return true;
    }

    /// <summary>The length of the spaces and comments that the text begins with.</summary>
    internal static int Blank(ReadOnlySpan<byte> text)
    {
        var at = 0;
        while (at < text.Length)
        {
            var rest = text[at..];
            if (rest[0] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'\f' or (byte)'\v')
                at++;
            else if (IsWideBlank(rest))
                at += rest[0] == 0xC2 ? 2 : 3;
            else if (rest.StartsWith("--"u8) || rest.StartsWith("# "u8) || rest.StartsWith("#!"u8))
                at += EndOf(rest, "\n"u8);
            else if (rest.StartsWith("/*"u8))
                at += EndOf(rest, "*/"u8);
            else
                break;
        }

        return at;
    }

    // Blanks beyond ASCII that ClickHouse skips: the no-break space, those of typography, and the mark that editors put before a file.
    private static bool IsWideBlank(ReadOnlySpan<byte> text) =>
        text is [0xC2, 0xA0, ..] or [0xE2, 0x80, >= 0x80 and <= 0x8D or 0xA8 or 0xA9 or 0xAF, ..] or [0xE2, 0x81, 0x9F or 0xA0, ..] or [0xE3, 0x80, 0x80, ..] or [0xEF, 0xBB, 0xBF, ..];

    // $tag$ … $tag$: a text without escapes. Where it ends; 0 if none begins here.
    private readonly int HereDocument()
    {
        var at = Start + 1;
        while (at < _text.Length && IsWordByte(_text[at]))
            at++;
        if (at >= _text.Length || _text[at] != '$')
            return 0;
        var tag = _text[Start..(at + 1)];
        var length = _text[(at + 1)..].IndexOf(tag);
        return length < 0 ? _text.Length : at + 1 + length + tag.Length;
    }

    private static int EndOf(ReadOnlySpan<byte> text, ReadOnlySpan<byte> mark)
    {
        var found = text.IndexOf(mark);
        return found < 0 ? text.Length : found + mark.Length;
    }

    private readonly int Quoted(byte quote)
    {
        var at = Start + 1;
        while (at < _text.Length && _text[at] != quote)
            at += _text[at] == '\\' ? 2 : 1;
        return Math.Min(at + 1, _text.Length);
    }

    private static bool IsWordByte(byte value) => char.IsAsciiLetterOrDigit((char)value) || value is (byte)'_' or >= 0x80;
}
