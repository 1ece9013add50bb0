using System.Text;
using System.Text.Json;

namespace Millrace.Cli.ConfigCheck;

/// <summary>Where the keys of a JSON file stand, which a parsed document no longer knows.</summary>
internal static class JsonKeys
{
    /// <summary>Line of each property name, from 1; the last one wins, as it does in JSON.</summary>
    public static Dictionary<string, int> Lines(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(bytes);
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        var (line, position) = (1, 0);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName) continue;
            line += bytes.AsSpan(position, (int)reader.TokenStartIndex - position).Count((byte)'\n');
            position = (int)reader.TokenStartIndex;
            lines[reader.GetString()!] = line;
        }

        return lines;
    }
}
