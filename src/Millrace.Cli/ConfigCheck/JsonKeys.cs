using System.Text;
using System.Text.Json;

namespace Millrace.Cli.ConfigCheck;

/// <summary>Where the keys of a JSON file stand, which a parsed document no longer knows.</summary>
internal static class JsonKeys
{
    /// <summary>Line of each property name down to a depth, from 1; the last one wins, as it does in JSON. A name that stands twice in one object is an error.</summary>
    public static Dictionary<string, int> Lines(string text, string file, List<string> errors, int depth = int.MaxValue)
    {
        var open = new Stack<Dictionary<string, int>>();
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        var (line, position) = (1, 0);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.StartObject) open.Push(new(StringComparer.Ordinal));
            if (reader.TokenType == JsonTokenType.EndObject) open.Pop();
            if (reader.TokenType != JsonTokenType.PropertyName) continue;
            line += bytes.AsSpan(position, (int)reader.TokenStartIndex - position).Count((byte)'\n');
            position = (int)reader.TokenStartIndex;
            var name = reader.GetString()!;
            if (!open.Peek().TryAdd(name, line)) errors.Add($"{file}:{line}: {name}: was given on line {open.Peek()[name]} already; keep one of them");
            if (open.Count <= depth) lines[name] = line;
        }

        return lines;
    }

    /// <summary>A reader's message without the place, which it counts from 0.</summary>
    public static string WithoutPlace(string message)
    {
        foreach (var place in (string[])[" Path: ", " LineNumber: "])
        {
            if (message.IndexOf(place, StringComparison.Ordinal) is > 0 and var at) message = message[..at];
        }

        return message;
    }

    /// <summary>The text of a connector's setting; empty where there is none.</summary>
    public static string TextOf(string text, string key)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement.TryGetProperty("config", out var config) ? config : document.RootElement;
        return root.TryGetProperty(key, out var value) ? value.ToString() : string.Empty;
    }
}
