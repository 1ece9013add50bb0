using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Console;

namespace Millrace.Cli.ConfigCheck;

/// <summary>Reads the console's JSON file, by the rules by which the console itself takes it.</summary>
internal static class ConsoleFile
{
    private static readonly JsonSerializerOptions _form = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    private static readonly Dictionary<string, (PropertyInfo Property, string Effect)> _keys = Keys();

    /// <summary>Whether a JSON object is a console's file rather than a connector's.</summary>
    public static bool Is(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return document.RootElement.ValueKind == JsonValueKind.Object
                && !document.RootElement.EnumerateObject().Any(static p => p.Name is "config" or "connector.class")
                && document.RootElement.EnumerateObject().Any(static p => _keys.ContainsKey(p.Name));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The options, or what is wrong with the form: <c>file:line: key: message</c>.</summary>
    public static (ConsoleOptions? Options, IReadOnlyList<string> Errors) Read(string text, string file)
    {
        var errors = new List<string>();
        try
        {
            foreach (var (key, line) in JsonKeys.Lines(text, file, errors, depth: 1))
            {
                if (!_keys.ContainsKey(key)) errors.Add($"{file}:{line}: {key}: is no option of the console; there are: {string.Join(", ", _keys.Keys)}");
            }

            if (errors.Count > 0) return (null, errors);
            return JsonSerializer.Deserialize<ConsoleOptions>(text, _form) is { } options ? (options, []) : (null, [$"{file}:1: a JSON object is needed"]);
        }
        catch (JsonException e)
        {
            return (null, [$"{file}:{(e.LineNumber ?? 0) + 1}: {Problem(e)}"]);
        }
    }

    /// <summary>The file's settings, with what the console's own rules say about them.</summary>
    public static CheckedFile Check(string path, string file, string text)
    {
        var (options, errors) = Read(text, file);
        if (options is null) return new CheckedFile(path, "refused") { Errors = errors };
        var lines = new Dictionary<string, int>(JsonKeys.Lines(text, file, [], depth: 1), StringComparer.OrdinalIgnoreCase);
        using var document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        return new CheckedFile(path, "console: the web console")
        {
            Settings = [.. document.RootElement.EnumerateObject().Select(p => new CheckedSetting(
                lines[p.Name], p.Name, p.Name.Contains("password", StringComparison.OrdinalIgnoreCase) || p.Name.Equals("kafka", StringComparison.OrdinalIgnoreCase) ? "[hidden]" : p.Value.ToString(), _keys[p.Name].Effect))],
            Errors = [.. options.Validate().Select(e => Place(e, file, lines))],
        };
    }

    // A rule's sentence begins with the option's name: "Listen = 'x': must be …", "Title is empty: …".
    private static string Place(string error, string file, Dictionary<string, int> lines)
    {
        var name = error[..error.AsSpan().IndexOfAny(' ', ':')];
        return lines.TryGetValue(name, out var line) ? $"{file}:{line}: {JsonNamingPolicy.CamelCase.ConvertName(name)}: {error[name.Length..].TrimStart(' ', '=', ':')}" : $"{file}: {error}";
    }

    private static string Problem(JsonException e)
    {
        var key = e.Path is ['$', '.', .. var rest] ? rest.Split('.', '[')[0] : "";
        if (_keys.TryGetValue(key, out var known) && e.InnerException is not JsonException && e.Message.Contains("could not be converted", StringComparison.Ordinal))
        {
            var type = known.Property.PropertyType;
            return $"{key}: {(type == typeof(int) ? "a whole number" : type == typeof(bool) ? "true or false" : type == typeof(TimeSpan) ? "a time, such as \"00:00:30\"," : type == typeof(string) ? "a text" : type == typeof(IDictionary<string, string>) ? "an object of texts" : "a list of texts")} is needed";
        }

        return $"not JSON: {JsonKeys.WithoutPlace(e.Message)}";
    }

    private static Dictionary<string, (PropertyInfo Property, string Effect)> Keys() =>
        typeof(ConsoleOptions).GetProperties().ToDictionary(static p => JsonNamingPolicy.CamelCase.ConvertName(p.Name), static p => (p, Effect(p.Name)), StringComparer.OrdinalIgnoreCase);

    private static string Effect(string option) => option switch
    {
        nameof(ConsoleOptions.Listen) => "where the console is served",
        nameof(ConsoleOptions.Bootstrap) => "the Kafka that it shows",
        nameof(ConsoleOptions.Kafka) => "settings of its Kafka clients",
        nameof(ConsoleOptions.ConnectUrl) => "the Connect worker that it shows; empty: none",
        nameof(ConsoleOptions.StreamsUrl) => "the stream jobs that it shows; empty: none",
        nameof(ConsoleOptions.ClickHouseUrl) => "the ClickHouse that it shows; empty: none",
        nameof(ConsoleOptions.ClickHouseUser) or nameof(ConsoleOptions.ClickHousePassword) => "who it is for ClickHouse",
        nameof(ConsoleOptions.ClickHouseDatabase) => "where statements of the Analytics page run",
        nameof(ConsoleOptions.AlertTopics) => "topics whose records are alerts",
        nameof(ConsoleOptions.DashboardsDirectory) => "keeps dashboards; empty: they cannot be saved",
        nameof(ConsoleOptions.Title) => "the name on each page",
        nameof(ConsoleOptions.ReadOnly) => "whether it leaves out what changes anything",
        nameof(ConsoleOptions.SampleInterval) => "how often the systems are asked",
        nameof(ConsoleOptions.SamplesKept) => "samples of each metric in memory",
        nameof(ConsoleOptions.LagLimit) => "how long a group may be behind before it is reported",
        _ => "an option of the console",
    };
}
