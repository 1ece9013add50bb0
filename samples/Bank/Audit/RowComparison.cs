namespace Millrace.Samples.Bank.Audit;

/// <summary>
/// One system's rows against the truth: each row is looked up by its key as it comes, and its contents are compared. What is kept of a row is its key.
/// </summary>
/// <param name="things">What the rows are, for findings: <c>transactions</c>.</param>
/// <param name="place">Where they were read, for findings: <c>ClickHouse</c>.</param>
/// <param name="truth">What is kept of each true row.</param>
/// <param name="contents">The fingerprint that a row of this system should have.</param>
internal sealed class RowComparison<TKey, TTruth>(string things, string place, IReadOnlyDictionary<TKey, TTruth> truth, Func<TTruth, ulong> contents)
    where TKey : notnull
{
    private readonly HashSet<TKey> _seen = [];
    private readonly List<string> _doubled = [];
    private readonly List<string> _phantoms = [];
    private readonly List<(TKey Key, object?[]? Values)> _different = [];
    private long _duplicates;
    private long _wrong;
    private long _strangers;

    public void Add(TKey key, object?[] values) => Add(key, RowFingerprint.Of(values), values);

    /// <summary>Adds a row of which only the fingerprint was kept.</summary>
    public void Add(TKey key, ulong fingerprint, object?[]? values = null)
    {
        if (!truth.TryGetValue(key, out var expected))
        {
            if (_strangers++ < AuditFindings.Examples) _phantoms.Add($"{key}");
        }
        else if (!_seen.Add(key))
        {
            if (_duplicates++ < AuditFindings.Examples) _doubled.Add($"{key}");
        }
        else if (fingerprint != contents(expected) && _wrong++ < AuditFindings.Examples)
        {
            _different.Add((key, values));
        }
    }

    /// <summary>Tells what was found when all rows were added; <paramref name="trueRow"/> fetches a row's true contents, for the words.</summary>
    public async Task TellAsync(AuditFindings findings, IReadOnlyList<string> columns, Func<TKey, Task<object?[]>> trueRow, string origin = "PostgreSQL")
    {
        var missing = truth.Count - _seen.Count;
        findings.AddMissing($"{things} in {origin} but not in {place}", missing, missing == 0 ? null : [.. truth.Keys.Where(k => !_seen.Contains(k)).Take(AuditFindings.Examples).Select(static k => $"{k}")]);
        findings.AddDuplicates($"{things} in {place}", _duplicates, _doubled);
        findings.AddPhantoms($"{things} in {place} that {origin} does not have", _strangers, _phantoms);
        var examples = new List<string>();
        foreach (var (key, values) in _different) examples.Add(values is null ? $"{key}" : $"{key}: {Difference(columns, values, await trueRow(key), origin)}");
        findings.AddWrong($"{things} in {place}", _wrong, examples);
    }

    private static string Difference(IReadOnlyList<string> columns, object?[] values, object?[] truth, string origin) =>
        string.Join(" and ", Enumerable.Range(0, values.Length)
            .Where(i => RowFingerprint.Of([values[i]]) != RowFingerprint.Of([truth[i]]))
            .Select(i => $"{columns[i]} is {RowFingerprint.Show(values[i])}, {origin} has {RowFingerprint.Show(truth[i])}"));
}
