using System.Globalization;

namespace Millrace.Samples.Bank.Audit;

/// <summary>One place's minutes of account activity against the truth.</summary>
internal sealed class MinuteComparison(string place, MinuteTotals truth)
{
    private readonly HashSet<MinuteKey> _seen = [];
    private readonly Tally _doubled = new();
    private readonly Tally _less = new();
    private readonly Tally _more = new();
    private readonly Tally _wrong = new();
    private readonly Tally _phantoms = new();

    public void Add(MinuteKey key, MinuteFigures figures)
    {
        if (!truth.Minutes.TryGetValue(key, out var expected)) _phantoms.Add(1, $"{key}");
        else if (!_seen.Add(key)) _doubled.Add(1, $"{key}");
        else if (figures.Transactions < expected.Transactions) _less.Add(expected.Transactions - figures.Transactions, $"{key}: {Difference(figures, expected)}");
        else if (figures.Transactions > expected.Transactions) _more.Add(figures.Transactions - expected.Transactions, $"{key}: {Difference(figures, expected)}");
        else if (figures != expected) _wrong.Add(1, $"{key}: {Difference(figures, expected)}");
    }

    public void Tell(AuditFindings findings)
    {
        var missing = new Tally();
        foreach (var key in truth.Closed)
        {
            if (!_seen.Contains(key)) missing.Add(1, $"{key}");
        }

        findings.AddMissing($"closed minutes of account activity in {place}", missing.Count, missing.Words);
        findings.AddDuplicates($"minutes of account activity in {place}", _doubled.Count, _doubled.Words);
        findings.AddMissing($"transactions in the account activity in {place}", _less.Count, _less.Words);
        findings.AddDuplicates($"transactions in the account activity in {place}", _more.Count, _more.Words);
        findings.AddWrong($"minutes of account activity in {place}", _wrong.Count, _wrong.Words);
        findings.AddPhantoms($"minutes of account activity in {place} without a transaction", _phantoms.Count, _phantoms.Words);
    }

    private static string Difference(MinuteFigures found, MinuteFigures expected)
    {
        var words = new List<string>();
        Compare("window_end", found.End, expected.End);
        Compare("transactions", found.Transactions, expected.Transactions);
        Compare("declined", found.Declined, expected.Declined);
        Compare("amount_in", found.In, expected.In);
        Compare("amount_out", found.Out, expected.Out);
        return string.Join(" and ", words);

        void Compare(string what, decimal is_, decimal should)
        {
            if (is_ != should) words.Add(string.Create(CultureInfo.InvariantCulture, $"{what} is {is_}, PostgreSQL's rows come to {should}"));
        }
    }

    private sealed class Tally
    {
        public long Count { get; private set; }

        public List<string> Words { get; } = [];

        public void Add(long count, string example)
        {
            Count += count;
            if (Words.Count < AuditFindings.Examples) Words.Add(example);
        }
    }
}
