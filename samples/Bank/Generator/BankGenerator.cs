using Millrace.Samples.Bank.Generator.Fraud;

namespace Millrace.Samples.Bank.Generator;

/// <summary>
/// The bank's life as a sequence of commits in the order of their time: the same seed and start give the same sequence. It knows no database and
/// no clock: it is given the time, and says what happens then.
/// </summary>
public sealed class BankGenerator
{
    private static readonly IFraudPattern[] _patterns = [new Velocity(), new ImpossibleTravel(), new AccountTakeover(), new Structuring()];

    private readonly BankOptions _options;
    private readonly SeededRandom _random;
    private readonly HonestCustomers _customers;
    private readonly PriorityQueue<BankCommit, DateTimeOffset> _frauds = new();
    private int _nextPattern;

    /// <summary>A generator for a population; <paramref name="purpose"/> separates the sequences of history and live traffic.</summary>
    public BankGenerator(BankOptions options, Population population, ulong purpose = 2)
    {
        _options = options;
        _random = SeededRandom.For(options.Seed, purpose);
        _customers = new HonestCustomers(population, _random);
    }

    /// <summary>The history before <paramref name="start"/>: honest, and as busy as each hour and day is.</summary>
    public static IEnumerable<BankCommit> History(BankOptions options, Population population, DateTimeOffset start)
    {
        var generator = new BankGenerator(options, population, purpose: 3);
        // An hour's share follows the calendar, so the days' rhythm shows on the dashboards from the first minute.
        var from = start - TimeSpan.FromDays(options.HistoryDays);
        var perActivity = options.History / (options.HistoryDays * 24.0);
        for (var hour = from; hour < start; hour += TimeSpan.FromHours(1))
        {
            var busy = Calendar.Activity(hour) * (Calendar.IsSalaryDay(hour) ? 1.4 : 1);
            for (var at = hour; ;)
            {
                at += TimeSpan.FromHours(generator._random.Exponential(perActivity * busy));
                if (at >= hour + TimeSpan.FromHours(1) || at >= start) break;
                yield return generator._customers.Act(Milliseconds(at));
            }
        }
    }

    /// <summary>Live traffic from <paramref name="start"/> on, without end; no fraud begins after <paramref name="lastFraud"/>.</summary>
    public IEnumerable<BankCommit> Live(DateTimeOffset start, DateTimeOffset? lastFraud = null)
    {
        var at = start;
        while (true)
        {
            var busy = _options.RateFollowsClock ? Calendar.Activity(at) : 1;
            at += TimeSpan.FromSeconds(_random.Exponential(_options.Rate * busy));
            while (_frauds.TryPeek(out var fraud, out var due) && due <= at)
            {
                _frauds.Dequeue();
                yield return fraud;
            }

            if (_random.Chance(_options.FraudPerThousand / 1_000) && (lastFraud is null || at < lastFraud)) Plan(Milliseconds(at));
            yield return _customers.Act(Milliseconds(at));
        }
    }

    private void Plan(DateTimeOffset at)
    {
        var pattern = _patterns[_nextPattern];
        for (var tries = 0; tries < 200; tries++)
        {
            var victim = _customers.PickAccount();
            if (victim.IsVictim || !pattern.Suits(victim, at)) continue;
            victim.IsVictim = true;
            _nextPattern = (_nextPattern + 1) % _patterns.Length;
            BankCommit[] commits = [.. pattern.Commit(_customers, victim, _random, at)];
            var ids = commits.SelectMany(c => c.Rows).Select(r => r.TransactionId).ToList();
            commits[^1] = commits[^1] with { Case = new FraudCase(_random.NextGuid(), pattern.Name, victim.Account.AccountId, ids) };
            foreach (var commit in commits)
            {
                var when = Milliseconds(commit.At);
                _frauds.Enqueue(commit with { At = when, Rows = [.. commit.Rows.Select(r => r with { CreatedAt = when })] }, when);
            }

            return;
        }
    }

    // The database keeps milliseconds; so does every hop after it.
    private static DateTimeOffset Milliseconds(DateTimeOffset at) => DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds());
}
