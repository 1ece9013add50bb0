using System.Globalization;

namespace Millrace.Broker.Transactions;

/// <summary>Producer ids of a broker that keeps nothing.</summary>
internal sealed class InMemoryProducerIdStore : IProducerIdStore
{
    private long _next;

    public long ReserveBlock(int size) => Interlocked.Add(ref _next, size) - size;
}

/// <summary>
/// The next free producer id in a small text file of the data directory (<c>producer-ids</c>: a version line, then the number). A new file is written beside the
/// old one and renamed over it, so that a kill leaves one of the two.
/// </summary>
internal sealed class FileProducerIdStore(string path) : IProducerIdStore
{
    private const string Version = "version: 0";

    public long ReserveBlock(int size)
    {
        var first = Read();
        var temporary = path + ".tmp";
        File.WriteAllText(temporary, $"{Version}\n{(first + size).ToString(CultureInfo.InvariantCulture)}\n");
        File.Move(temporary, path, overwrite: true);
        return first;
    }

    private long Read()
    {
        if (!File.Exists(path)) return 0;
        var lines = File.ReadAllLines(path);
        if (lines.Length >= 2 && lines[0] == Version && long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var next)) return next;
        throw new InvalidDataException(
            $"{path} does not hold the next free producer id. Restore it, or replace its content by the line '{Version}' and a line with a number above "
            + "every producer id in use (kafka-dump-log.sh shows them in the .snapshot files).");
    }
}
