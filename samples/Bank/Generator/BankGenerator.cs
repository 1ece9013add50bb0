using Millrace.Samples.Bank.Generator.Fraud;

namespace Millrace.Samples.Bank.Generator;

/// <summary>
/// The bank's life as a sequence of commits in the order of their time: the same seed and start give the same sequence. It knows no database and
/// no clock: it is given the time, and says what happens then.
/// </summary>
public sealed class BankGenerator
{
    // Odd, so that each run of a seed has a sequence of its own; the first one has the seed's.
    private const ulong RunStep = 0xD1342543DE82EF95UL;

    private static readonly IFraudPattern[] _patterns = [new Velocity(), new ImpossibleTravel(), new AccountTakeover(), new Structuring()];

    // Long enough for some customers to have used their phones: a takeover needs a victim whose own device is known.
    private static readonly TimeSpan _quietStart = TimeSpan.FromSeconds(1);

    private readonly BankOptions _options;
    private readonly SeededRandom _random;
    private readonly HonestCustomers _customers;
    private readonly PriorityQueue<BankCommit, DateTimeOffset> _frauds = new();
    private int _nextPattern;
    private int _opening;

    /// <summary>A generator for a population; <paramref name="purpose"/> separates the sequences of history and live traffic.</summary>
    public BankGenerator(BankOptions options, Population population, ulong purpose = 2)
    {
        _options = options;
        _random = SeededRandom.For(options.Seed ^ ((ulong)(options.Run - 1) * RunStep), purpose);
        _customers = new HonestCustomers(population, _random, options);
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

    /// <summary>
    /// Live traffic from <paramref name="start"/> on, without end. It opens with one fraud of each pattern, so that the shortest run has some; after that they are
    /// as rare as <see cref="BankOptions.FraudPerThousand"/> says. No fraud begins that would not be complete at <paramref name="end"/>.
    /// </summary>
    public IEnumerable<BankCommit> Live(DateTimeOffset start, DateTimeOffset? end = null)
    {
        var at = start;
        _opening = _options.FraudPerThousand > 0 ? _patterns.Length : 0;
        while (true)
        {
            var busy = _options.RateFollowsClock ? Calendar.Activity(at) : 1;
            at += TimeSpan.FromSeconds(_random.Exponential(_options.Rate * busy));
            while (_frauds.TryPeek(out var fraud, out var due) && due <= at)
            {
                _frauds.Dequeue();
                yield return fraud;
            }

            if (_random.Chance(_options.FraudPerThousand / 1_000) || (_opening > 0 && at - start > _quietStart)) Plan(Milliseconds(at), end);
            yield return _customers.Act(Milliseconds(at));
        }
    }

    // The patterns take turns. One that has no time left leaves its turn to the next; one that finds no victim yet is tried again later.
    private void Plan(DateTimeOffset at, DateTimeOffset? end)
    {
        for (var turn = 0; turn < _patterns.Length; turn++)
        {
            var pattern = _patterns[_nextPattern];
            if (FindVictim(pattern, at) is not { } victim) return;
            BankCommit[] commits = [.. pattern.Commit(_customers, victim, _random, at)];
            _nextPattern = (_nextPattern + 1) % _patterns.Length;
            if (commits[^1].At >= end) continue;
            victim.IsVictim = true;
            if (_opening > 0) _opening--;
            Enqueue(commits, pattern, victim);
            return;
        }

        // None has the time: neither will one that begins later.
        _opening = 0;
    }

    private AccountMemory? FindVictim(IFraudPattern pattern, DateTimeOffset at)
    {
        for (var tries = 0; tries < 200; tries++)
        {
            var account = _customers.PickAccount();
            if (!account.IsVictim && pattern.Suits(account, at)) return account;
        }

        return null;
    }

    private void Enqueue(BankCommit[] commits, IFraudPattern pattern, AccountMemory victim)
    {
        var ids = commits.SelectMany(c => c.Rows).Select(r => r.TransactionId).ToList();
        commits[^1] = commits[^1] with { Case = new FraudCase(_random.NextGuid(), pattern.Name, victim.Account.AccountId, ids) };
        foreach (var commit in commits)
        {
            var when = Milliseconds(commit.At);
            _frauds.Enqueue(commit with { At = when, Rows = [.. commit.Rows.Select(r => r with { CreatedAt = when })] }, when);
        }
    }

    // The database keeps milliseconds; so does every hop after it.
    private static DateTimeOffset Milliseconds(DateTimeOffset at) => DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds());
}
