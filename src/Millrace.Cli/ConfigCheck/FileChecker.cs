using System.Text.Json;
using Millrace.Broker.Configuration;
using Millrace.Cli.Hosting;
using Millrace.Cli.Infrastructure;
using Millrace.Connect;
using Millrace.Connect.Configuration;
using Millrace.Kafka.Configuration;

namespace Millrace.Cli.ConfigCheck;

/// <summary>Finds the part that a file is for, by its form and keys, and lets that part read it.</summary>
internal static class FileChecker
{
    public static CheckedFile Check(string path)
    {
        var file = Path.GetFileName(path);
        try
        {
            var text = GivenFile.Read(path);
            return Path.GetExtension(path).ToLowerInvariant() switch
            {
                ".json" when ConsoleFile.Is(text) => ConsoleFile.Check(path, file, text),
                ".json" => Connector(path, file, text),
                ".sql" => DdlChecker.Check(path, file, text),
                ".java" => new CheckedFile(path, "streams: an example of Flink's API in Java, to be written in C# as docs/streams.md shows; no configuration"),
                _ => Properties(path, file, text),
            };
        }
        catch (Exception e) when (e is ConfigException or ServerPropertiesException or KafkaConfigException or CliException)
        {
            return new CheckedFile(path, "refused") { Errors = e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries) };
        }
    }

    private static CheckedFile Connector(string path, string file, string text)
    {
        var twice = new List<string>();
        Dictionary<string, int> given = [];
        try
        {
            given = JsonKeys.Lines(text, file, twice);
        }
        catch (JsonException)
        {
            // The connector's own reader says it better.
        }

        if (twice.Count > 0) return new CheckedFile(path, "refused") { Errors = twice };
        var (name, validation) = Plugins.All().CheckFile(text, file);
        // A transformation's class chooses which keys there are, and is none of them.
        var classes = validation.Values.Select(static v => v.Name).ToHashSet(StringComparer.Ordinal) is var known
            ? given.Where(g => g.Key.StartsWith("transforms.", StringComparison.Ordinal) && g.Key.EndsWith(".type", StringComparison.Ordinal) && !known.Contains(g.Key))
                .Select(g => new CheckedSetting(g.Value, g.Key, JsonKeys.TextOf(text, g.Key), "The class of the transformation."))
            : [];
        return new CheckedFile(path, $"connect: the connector {name}")
        {
            Settings = [.. validation.Values.Where(v => given.ContainsKey(v.Name)).Select(v => new CheckedSetting(given[v.Name], v.Name, v.Key?.Type == ConfigType.Password ? "[hidden]" : v.Value ?? "", v.Key?.Documentation ?? "")).Concat(classes).OrderBy(static s => s.Line)],
            Notes = validation.Notes,
            Errors = [.. validation.Values.SelectMany(v => v.Errors.Select(e => $"{file}{(given.TryGetValue(v.Name, out var line) ? $":{line}" : string.Empty)}: {v.Name}: {e}"))],
        };
    }

    private static bool IsSecret(string key) => key.EndsWith("password", StringComparison.Ordinal) || key.EndsWith("sasl.jaas.config", StringComparison.Ordinal);

    private static CheckedFile Properties(string path, string file, string text)
    {
        var lines = JavaProperties.Parse(text, file);
        if (lines.Count == 0) throw new CliException($"{file}: has no settings");
        var keys = lines.Select(static l => l.Key).ToHashSet(StringComparer.Ordinal);
        if (keys.Contains("clusters")) return MirrorChecker.Check(path, file, lines);
        if (keys.Contains("config.storage.topic") || keys.Contains("offset.storage.topic") || keys.Contains("plugin.path"))
        {
            WorkerProperties.Parse(text, file);
            return new CheckedFile(path, "connect: a worker")
            {
                Settings = [.. lines.Select(static l => new CheckedSetting(l.Line, l.Key, IsSecret(l.Key) ? "[hidden]" : l.Value, WorkerProperties.EffectOf(l.Key)))],
            };
        }

        if (KafkaClientConfig.Recognise(keys) is { } role && !keys.Contains("process.roles") && !keys.Contains("log.dirs"))
        {
            var client = KafkaClientConfig.Parse(text, file, role);
            return new CheckedFile(path, $"kafka: a {role.ToString().ToLowerInvariant()}") { Settings = [.. client.Entries.Select(static e => new CheckedSetting(e.Line, e.Key, e.Value, e.Effect))] };
        }

        var server = ServerPropertiesReader.Read(text, file);
        return new CheckedFile(path, "broker") { Settings = [.. server.Settings.Select(static s => new CheckedSetting(s.Line, s.Key, s.Value, s.Effect))], Notes = server.Notices };
    }
}
