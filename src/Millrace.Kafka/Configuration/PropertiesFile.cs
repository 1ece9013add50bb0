using System.Globalization;
using System.Text;

namespace Millrace.Kafka.Configuration;

/// <summary>One setting of a .properties file.</summary>
/// <param name="Line">The line where it begins, from 1; 0 when it does not come from a file.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value, unescaped.</param>
public sealed record PropertyLine(int Line, string Key, string Value);

/// <summary>
/// Reads Java's .properties format: comments with # and !, keys ended by =, : or white space, lines continued with a backslash, escapes.
/// The format is that of <c>java.util.Properties.load</c>.
/// </summary>
public static class PropertiesFile
{
    /// <summary>Reads all settings in their order, duplicates included.</summary>
    /// <param name="text">The file's text.</param>
    /// <exception cref="FormatException">A \u escape is malformed; the message names the line.</exception>
    public static IReadOnlyList<PropertyLine> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var result = new List<PropertyLine>();
        using var reader = new StringReader(text);
        var number = 0;
        while (reader.ReadLine() is { } line)
        {
            var first = ++number;
            var logical = line.TrimStart(' ', '\t', '\f');
            if (logical.Length == 0 || logical[0] is '#' or '!')
                continue;
            while (EndsWithContinuation(logical))
            {
                logical = logical[..^1];
                if (reader.ReadLine() is not { } next)
                    break;
                number++;
                logical += next.TrimStart(' ', '\t', '\f');
            }

            result.Add(Split(logical, first));
        }

        return result;
    }

    private static bool EndsWithContinuation(string line)
    {
        var backslashes = 0;
        for (var i = line.Length - 1; i >= 0 && line[i] == '\\'; i--)
            backslashes++;
        return backslashes % 2 == 1;
    }

    private static PropertyLine Split(string line, int number)
    {
        var end = 0;
        while (end < line.Length && !IsSeparator(line[end]))
            end += line[end] == '\\' && end + 1 < line.Length ? 2 : 1;
        var value = end;
        while (value < line.Length && line[value] is ' ' or '\t' or '\f')
            value++;
        if (value < line.Length && line[value] is '=' or ':')
            value++;
        while (value < line.Length && line[value] is ' ' or '\t' or '\f')
            value++;
        return new PropertyLine(number, Unescape(line.AsSpan(0, end), number), Unescape(line.AsSpan(value), number));
    }

    private static bool IsSeparator(char c) => c is '=' or ':' or ' ' or '\t' or '\f';

    private static string Unescape(ReadOnlySpan<char> text, int line)
    {
        if (!text.Contains('\\'))
            return text.ToString();
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 >= text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            var escaped = text[++i];
            if (escaped != 'u')
            {
                result.Append(escaped switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', _ => escaped });
                continue;
            }

            if (i + 4 >= text.Length || !ushort.TryParse(text.Slice(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
                throw new FormatException($"Line {line}: \\u must be followed by four hexadecimal digits.");
            result.Append((char)code);
            i += 4;
        }

        return result.ToString();
    }
}
