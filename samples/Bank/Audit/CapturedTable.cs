using System.Text.Json;

namespace Millrace.Samples.Bank.Audit;

/// <summary>
/// A table as its change topic tells it: every event replayed in the order of its source position, which is what a consumer of the topic ends up with.
/// </summary>
/// <typeparam name="TKey">The key of a row.</typeparam>
/// <typeparam name="TRow">What is kept of a row.</typeparam>
public sealed class CapturedTable<TKey, TRow>(Func<JsonElement, TKey> key, Func<JsonElement, TRow> row)
    where TKey : notnull
{
    private readonly HashSet<(long Lsn, char Op, TKey Key)> _seen = [];
    private readonly Dictionary<TKey, long> _versions = [];

    /// <summary>Current rows.</summary>
    public Dictionary<TKey, TRow> Rows { get; } = [];

    /// <summary>Events, without tombstones.</summary>
    public long Events { get; private set; }

    /// <summary>Events that came twice with the same source position.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Called for each new event with its operation and row image, which is the old one for deletes.</summary>
    public Action<char, TKey, JsonElement>? Each { get; init; }

    /// <summary>Applies one record's value; null is a tombstone.</summary>
    public void Apply(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty) return;
        var reader = new Utf8JsonReader(value);
        using var document = JsonDocument.ParseValue(ref reader);
        var envelope = document.RootElement.TryGetProperty("payload", out var payload) ? payload : document.RootElement;
        var op = envelope.GetProperty("op").GetString()![0];
        var image = envelope.GetProperty(op == 'd' ? "before" : "after");
        var source = envelope.GetProperty("source");
        var (lsn, k) = (source.GetProperty("lsn").GetInt64(), key(image));
        Events++;
        if (!_seen.Add((lsn, op, k)))
        {
            Duplicates++;
            return;
        }

        // A snapshot's rows are older than anything streamed: the slot begins where the snapshot ends.
        var version = op == 'r' ? long.MinValue : lsn;
        if (_versions.TryGetValue(k, out var known) && known > version) return;
        _versions[k] = version;
        if (op == 'd') Rows.Remove(k);
        else Rows[k] = row(image);
        Each?.Invoke(op, k, image);
    }
}
