using System.Text.Json;
using System.Text.Json.Serialization;

namespace Millrace.Broker.Metadata;

/// <summary>One topic as it stands in the file.</summary>
internal sealed record CatalogEntry(string Name, Guid Id, int Partitions, SortedDictionary<string, string> Configs);

/// <summary>The content of the file. <see cref="Deleted"/> names topics whose directories may still be there after a crash.</summary>
internal sealed record CatalogContent(int Version, List<CatalogEntry> Topics, List<Guid> Deleted);

/// <summary>The names, ids, partition counts and configurations of topics in <c>topics.json</c>. It is replaced as a whole: written beside, flushed, renamed.</summary>
internal sealed class CatalogFile(string directory)
{
    public const string FileName = "topics.json";

    private const int CurrentVersion = 1;

    private readonly string _path = Path.Combine(directory, FileName);

    /// <summary>Reads the file; nothing where there is none.</summary>
    /// <exception cref="BrokerStartException">The file is damaged, or of a newer Millrace.</exception>
    public CatalogContent Load()
    {
        if (!File.Exists(_path)) return new(CurrentVersion, [], []);
        try
        {
            var content = JsonSerializer.Deserialize(File.ReadAllBytes(_path), CatalogJson.Default.CatalogContent);
            if (content is null || content.Topics is null) throw new BrokerStartException($"{_path} is empty: restore it from a backup, or move it away to have the topics read from their directories");
            if (content.Version > CurrentVersion) throw new BrokerStartException($"{_path} has version {content.Version}, written by a newer Millrace; this one knows {CurrentVersion}");
            return content;
        }
        catch (JsonException e)
        {
            throw new BrokerStartException($"{_path} cannot be read ({e.Message}): restore it from a backup, or move it away to have the topics read from their directories", e);
        }
    }

    public void Save(IEnumerable<CatalogEntry> topics, IEnumerable<Guid> deleted)
    {
        string beside = _path + ".tmp";
        using (var stream = new FileStream(beside, FileMode.Create, FileAccess.Write))
        {
            Write(stream, topics, deleted);
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, _path, overwrite: true);
    }

    // By hand: the first topic of a fresh broker need not wait until a serialiser has been set up.
    private static void Write(FileStream stream, IEnumerable<CatalogEntry> topics, IEnumerable<Guid> deleted)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber(nameof(CatalogContent.Version), CurrentVersion);
        json.WriteStartArray(nameof(CatalogContent.Topics));
        foreach (var topic in topics)
        {
            json.WriteStartObject();
            json.WriteString(nameof(CatalogEntry.Name), topic.Name);
            json.WriteString(nameof(CatalogEntry.Id), topic.Id);
            json.WriteNumber(nameof(CatalogEntry.Partitions), topic.Partitions);
            json.WriteStartObject(nameof(CatalogEntry.Configs));
            foreach (var (key, value) in topic.Configs) json.WriteString(key, value);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray(nameof(CatalogContent.Deleted));
        foreach (var id in deleted) json.WriteStringValue(id);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary>Serialisers made at compile time: the start pays for no reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(CatalogContent))]
internal sealed partial class CatalogJson : JsonSerializerContext;
