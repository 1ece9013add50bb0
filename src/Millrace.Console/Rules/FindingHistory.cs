namespace Millrace.Console.Rules;

/// <summary>Remembers findings after they are gone: platform alerts with their beginning and end.</summary>
internal sealed class FindingHistory
{
    // Enough for a bad day; the oldest resolved ones go first.
    private const int Kept = 500;

    // A finding that comes back this soon is the same one: flapping should not fill the history.
    private static readonly TimeSpan Rejoin = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly List<FindingPeriod> _periods = [];

    public void Observe(IReadOnlyList<Finding> findings, DateTimeOffset now)
    {
        lock (_lock)
        {
            var current = findings.ToDictionary(static finding => finding.Key, StringComparer.Ordinal);
            for (var i = 0; i < _periods.Count; i++)
            {
                var period = _periods[i];
                if (current.TryGetValue(period.Finding.Key, out var finding) && (period.Until is null || now - period.Until < Rejoin))
                {
                    _periods[i] = period with { Finding = finding, Until = null };
                    current.Remove(period.Finding.Key);
                }
                else if (period.Until is null)
                {
                    _periods[i] = period with { Until = now };
                }
            }

            _periods.AddRange(current.Values.Select(finding => new FindingPeriod(finding, now, null)));
            if (_periods.Count > Kept) _periods.RemoveAll(period => period.Until is not null && _periods.Count > Kept && now - period.Until > TimeSpan.FromHours(1));
            if (_periods.Count > Kept * 2) _periods.RemoveRange(0, _periods.Count - Kept);
        }
    }

    /// <summary>All that is remembered: open ones first, then the latest.</summary>
    public IReadOnlyList<FindingPeriod> Periods()
    {
        lock (_lock)
            return [.. _periods.OrderByDescending(static period => period.Until is null).ThenByDescending(static period => period.Until ?? period.Since)];
    }
}
