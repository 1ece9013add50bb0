using System.Globalization;
using System.Text;

namespace Millrace.Broker.Configuration;

/// <summary>One entry of a Java properties file.</summary>
/// <param name="Line">The line on which the entry begins, from 1.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
internal readonly record struct PropertiesEntry(int Line, string Key, string Value);

/// <summary>Java's properties format: comments by # or !, '=', ':' or a space between key and value, a backslash at a line's end joins the next line.</summary>
internal static class PropertiesFile
{
    /// <summary>Reads the entries in the order of the file.</summary>
    /// <exception cref="FormatException">An escape is not complete; the message begins with the line.</exception>
    public static IEnumerable<PropertiesEntry> Parse(string text)
    {
        // Only these end a line in Java; ReplaceLineEndings would break values at form feeds and Unicode's separators, too.
        string[] lines = text.Split(["\r\n", "\n", "\r"], StringSplitOptions.None);
        for (int i = 0; i < lines.Length; i++)
        {
            int first = i + 1;
            string line = lines[i].TrimStart();
            if (line.Length == 0 || line[0] is '#' or '!') continue;
            while (Continues(line) && i + 1 < lines.Length) line = line[..^1] + lines[++i].TrimStart();
            yield return Entry(first, line.TrimEnd());
        }
    }

    private static bool Continues(string line)
    {
        int slashes = 0;
        while (slashes < line.Length && line[^(slashes + 1)] == '\\') slashes++;
        return slashes % 2 == 1;
    }

    private static PropertiesEntry Entry(int lineNumber, string line)
    {
        int end = 0;
        while (end < line.Length && line[end] is not ('=' or ':' or ' ' or '\t')) end += line[end] == '\\' ? 2 : 1;
        end = Math.Min(end, line.Length);
        string rest = line[end..].TrimStart();
        if (rest.Length > 0 && rest[0] is '=' or ':') rest = rest[1..].TrimStart();
        try
        {
            return new(lineNumber, Unescape(line[..end]), Unescape(rest));
        }
        catch (FormatException e)
        {
            throw new FormatException($"{lineNumber}: {e.Message}", e);
        }
    }

    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal)) return text;
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            char next = text[++i];
            if (next == 'u')
            {
                if (i + 4 >= text.Length || !ushort.TryParse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit))
                    throw new FormatException($"\\u must be followed by four hexadecimal digits, as \\u00e9 is, in '{text}'");
                result.Append((char)unit);
                i += 4;
                continue;
            }

            result.Append(next switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', _ => next });
        }

        return result.ToString();
    }
}
