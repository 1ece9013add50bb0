using System.Globalization;
using System.Text;
using Millrace.Broker.Log;

namespace Millrace.Broker.Storage;

/// <summary>
/// A text file with one offset per partition, as Kafka keeps <c>recovery-point-offset-checkpoint</c>, <c>log-start-offset-checkpoint</c> and
/// <c>cleaner-offset-checkpoint</c>: version, number of entries, then lines of topic, partition and offset.
/// </summary>
internal static class OffsetCheckpointFile
{
    /// <summary>Reads the file; empty where there is none.</summary>
    /// <exception cref="InvalidDataException">The file is malformed.</exception>
    public static Dictionary<TopicPartition, long> Read(string path)
    {
        var offsets = new Dictionary<TopicPartition, long>();
        if (!File.Exists(path))
            return offsets;
        var lines = File.ReadAllLines(path);
        if (lines.Length < 2 || lines[0] != "0" || !int.TryParse(lines[1], CultureInfo.InvariantCulture, out var count) || lines.Length != count + 2)
            throw new InvalidDataException($"{path}: not an offset checkpoint of version 0 with as many lines as it says.");
        foreach (var line in lines.Skip(2))
        {
            var parts = line.Split(' ');
            if (parts.Length != 3 || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out var partition)
                || !long.TryParse(parts[2], CultureInfo.InvariantCulture, out var offset))
            {
                throw new InvalidDataException($"{path}: the line '{line}' is not 'topic partition offset'.");
            }

            offsets[new TopicPartition(parts[0], partition)] = offset;
        }

        return offsets;
    }

    public static void Write(LogFileSystem files, string path, IReadOnlyCollection<KeyValuePair<TopicPartition, long>> offsets)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"0\n{offsets.Count}\n");
        foreach (var (partition, offset) in offsets)
            text.Append(CultureInfo.InvariantCulture, $"{partition.Topic} {partition.Partition} {offset}\n");
        files.Replace(path, text.ToString());
    }
}
