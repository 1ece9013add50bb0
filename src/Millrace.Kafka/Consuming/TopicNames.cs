using System.Text;
using Millrace.Kafka.Native;

namespace Millrace.Kafka.Consuming;

/// <summary>
/// Topic names of one batch, by librdkafka's topic pointer. A pointer means one topic as long as the batch holds its messages; the next batch
/// starts afresh, but takes the strings from the reader's pool.
/// </summary>
internal sealed class TopicNames(TopicNamePool pool)
{
    private (nint Topic, string Name)[] _known = [];
    private int _last;

    internal string Get(nint topic)
    {
        var known = _known;
        var last = _last;
        if ((uint)last < (uint)known.Length && known[last].Topic == topic)
            return known[last].Name;
        for (var i = 0; i < known.Length; i++)
        {
            if (known[i].Topic == topic)
            {
                _last = i;
                return known[i].Name;
            }
        }

        // Racing readers of a batch may each add the name: harmless, it is the same string.
        var name = pool.Get(MessagePointer.TopicName(topic));
        _known = [.. known, (topic, name)];
        return name;
    }
}

/// <summary>The names that a reader has met, by their UTF-8 bytes.</summary>
internal sealed class TopicNamePool
{
    private readonly Lock _lock = new();
    private readonly List<(byte[] Utf8, string Name)> _names = [];

    internal string Get(ReadOnlySpan<byte> utf8)
    {
        lock (_lock)
        {
            foreach (var entry in _names)
            {
                if (utf8.SequenceEqual(entry.Utf8))
                    return entry.Name;
            }

            var name = Encoding.UTF8.GetString(utf8);
            _names.Add((utf8.ToArray(), name));
            return name;
        }
    }
}
