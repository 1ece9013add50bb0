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
    private readonly Dictionary<TKey, (long Lsn, bool IsSnapshot)> _versions = [];

    /// <summary>Current rows.</summary>
    public Dictionary<TKey, TRow> Rows { get; } = [];

    /// <summary>Events, without tombstones.</summary>
    public long Events { get; private set; }

    /// <summary>
    /// Events that came again. A row's changes have rising positions in PostgreSQL's log, because each of them waits for the one before to commit: a change that is not newer than
    /// what is known of its row was told before.
    /// </summary>
    public long Duplicates { get; private set; }

    /// <summary>Inserts and snapshots of rows that were there already, at another position: what a snapshot that is taken again looks like.</summary>
    public long Reinserted { get; private set; }

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
        var (lsn, k) = (envelope.GetProperty("source").GetProperty("lsn").GetInt64(), key(image));
        Events++;
        if (!IsNews(op, lsn, k)) return;
        _versions[k] = (lsn, op == 'r');
        if (op == 'd') Rows.Remove(k);
        else Rows[k] = row(image);
        Each?.Invoke(op, k, image);
    }

    // A snapshot's rows are older than anything streamed: the slot begins where the snapshot ends.
    private bool IsNews(char op, long lsn, TKey k)
    {
        if (!_versions.TryGetValue(k, out var known)) return true;
        if (op == 'r' == known.IsSnapshot && lsn <= known.Lsn)
        {
            Duplicates++;
            return false;
        }

        if (op is 'r' or 'c' && Rows.ContainsKey(k)) Reinserted++;
        return op != 'r' || known.IsSnapshot;
    }
}
