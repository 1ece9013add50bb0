using System.Text;

namespace Millrace.Broker.Storage;

/// <summary>The file <c>partition.metadata</c>, which holds the topic's id as unpadded URL-safe base64 of its 16 bytes.</summary>
internal static class PartitionMetadataFile
{
    public const string Name = "partition.metadata";

    /// <summary>Reads the topic's id; empty where there is no file, or none that got to the disk before the machine died.</summary>
    /// <exception cref="InvalidDataException">The file is malformed.</exception>
    public static Guid Read(string directory)
    {
        var path = Path.Combine(directory, Name);
        if (!File.Exists(path))
            return Guid.Empty;
        var lines = File.ReadAllLines(path);
        const string Prefix = "topic_id: ";
        if (lines.All(static l => l.AsSpan().Trim('\0').IsEmpty))
            return Guid.Empty;
        if (lines.Length < 2 || lines[0] != "version: 0" || !lines[1].StartsWith(Prefix, StringComparison.Ordinal))
            throw new InvalidDataException($"{path}: expected 'version: 0' and 'topic_id: …'.");
        try
        {
            return FromBase64(lines[1][Prefix.Length..]);
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"{path}: '{lines[1]}' has no valid topic id.", e);
        }
    }

    /// <summary>
    /// Writes the file. It is not flushed: the catalogue, which is, knows the id as well, and a flush for each of the 50 partitions of an internal
    /// topic would make the first consumer wait for seconds on a busy disk.
    /// </summary>
    public static void Write(LogFileSystem files, string directory, Guid topicId)
        => files.Write(Path.Combine(directory, Name), Encoding.UTF8.GetBytes($"version: 0\ntopic_id: {ToBase64(topicId)}\n"));

    /// <summary>A topic id as Kafka writes it.</summary>
    public static string ToBase64(Guid id)
        => Convert.ToBase64String(id.ToByteArray(bigEndian: true)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static Guid FromBase64(string text)
    {
        var bytes = Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/') + "==");
        return bytes.Length == 16 ? new Guid(bytes, bigEndian: true) : throw new FormatException("A topic id has 16 bytes.");
    }
}
