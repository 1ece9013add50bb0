using Millrace.Kafka.Configuration;

namespace Millrace.Connect.Configuration;

/// <summary>One setting of a .properties file.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
/// <param name="Line">The line on which the key stands, from 1.</param>
public sealed record PropertyLine(string Key, string Value, int Line);

/// <summary>Reads Java's .properties format as <see cref="PropertiesFile"/> does, and refuses a key that is given twice. White space at the end of a value does not count.</summary>
public static class JavaProperties
{
    /// <summary>The settings in order.</summary>
    /// <exception cref="ConfigException">A line cannot be read, or a key is given twice; the message names file and line.</exception>
    public static IReadOnlyList<PropertyLine> Parse(string text, string file)
    {
        var result = new List<PropertyLine>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        try
        {
            foreach (var (line, key, value) in PropertiesFile.Parse(text))
            {
                if (seen.TryGetValue(key, out var before))
                    throw new ConfigException($"{file}:{line}: {key}: was given on line {before} already; keep one of them.");
                seen[key] = line;
                result.Add(new PropertyLine(key, value.TrimEnd(), line));
            }
        }
        catch (FormatException e)
        {
            throw new ConfigException($"{file}:{e.Message["Line ".Length..]}", e);
        }

        return result;
    }
}
