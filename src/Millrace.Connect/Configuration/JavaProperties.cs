using System.Globalization;
using System.Text;

namespace Millrace.Connect.Configuration;

/// <summary>One setting of a .properties file.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
/// <param name="Line">The line on which the key stands, from 1.</param>
public sealed record PropertyLine(string Key, string Value, int Line);

/// <summary>Reads Java's .properties format: comments, continuation lines, escapes.</summary>
public static class JavaProperties
{
    /// <summary>The settings in order.</summary>
    /// <exception cref="ConfigException">A line cannot be read, or a key is given twice; the message names file and line.</exception>
    public static IReadOnlyList<PropertyLine> Parse(string text, string file)
    {
        var result = new List<PropertyLine>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var number = i + 1;
            var line = lines[i].TrimStart(' ', '\t', '\f');
            if (line.Length == 0 || line[0] is '#' or '!') continue;
            while (EndsInContinuation(line) && i + 1 < lines.Length) line = line[..^1] + lines[++i].TrimStart(' ', '\t', '\f');
            if (EndsInContinuation(line)) line = line[..^1];
            var (key, value) = Split(line, file, number);
            if (seen.TryGetValue(key, out var before))
                throw new ConfigException($"{file}, line {number}: \"{key}\" was given on line {before} already; keep one of them.");
            seen[key] = number;
            result.Add(new PropertyLine(key, value, number));
        }

        return result;
    }

    private static bool EndsInContinuation(string line)
    {
        var slashes = 0;
        while (slashes < line.Length && line[^(slashes + 1)] == '\\') slashes++;
        return slashes % 2 == 1;
    }

    private static (string Key, string Value) Split(string line, string file, int number)
    {
        var end = 0;
        while (end < line.Length && line[end] is not ('=' or ':' or ' ' or '\t' or '\f')) end += line[end] == '\\' ? 2 : 1;
        end = Math.Min(end, line.Length);
        var start = end;
        while (start < line.Length && line[start] is ' ' or '\t' or '\f') start++;
        if (start < line.Length && line[start] is '=' or ':') start++;
        while (start < line.Length && line[start] is ' ' or '\t' or '\f') start++;
        return (Unescape(line[..end], file, number), Unescape(line[start..], file, number).TrimEnd());
    }

    private static string Unescape(string text, string file, int number)
    {
        if (!text.Contains('\\')) return text;
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 >= text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            var c = text[++i];
            if (c != 'u')
            {
                result.Append(c switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', _ => c });
                continue;
            }

            if (i + 4 >= text.Length || !ushort.TryParse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
                throw new ConfigException($"{file}, line {number}: \\u must be followed by four hexadecimal digits.");
            result.Append((char)code);
            i += 4;
        }

        return result.ToString();
    }
}
