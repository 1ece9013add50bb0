using System.Collections.Concurrent;
using System.Globalization;
using Millrace.Samples.Bank.Audit;
using Millrace.Samples.Bank.Generator;

namespace Millrace.Cli.Demo;

/// <summary>
/// Measures commit → visible as a customer's dashboard would see it: takes a sample of the commits, from the moment that PostgreSQL acknowledged each, and
/// asks ClickHouse again and again until a query returns its row. The time between two questions is part of the figure. A sample is taken whatever became of those
/// before it, and none is given up: what has not been seen when the probe ends counts with the time that it has waited, and is reported.
/// </summary>
internal sealed class VisibilityProbe(ClickHouseQueries clickhouse, TimeProvider time)
{
    // So many are asked for in one query: a pipeline that has stopped must not make the questions ever larger.
    private const int Asked = 500;
    private static readonly TimeSpan _between = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentQueue<Sample> _samples = new();
    private readonly Dictionary<Guid, Sample> _pending = [];
    private readonly List<double> _milliseconds = [];
    private readonly List<(DateTimeOffset At, double Milliseconds)> _unsaved = [];
    private readonly Lock _gate = new();
    private long _lastSample;

    public void Committed(BankCommit commit)
    {
        var now = time.GetTimestamp();
        var last = Interlocked.Read(ref _lastSample);
        if (time.GetElapsedTime(last, now) < _between || Interlocked.CompareExchange(ref _lastSample, now, last) != last) return;
        _samples.Enqueue(new Sample(commit.Rows[0].TransactionId, commit.Rows[0].AccountId, now, time.GetUtcNow()));
    }

    /// <summary>What was measured so far; samples that still wait count with the time that they have waited, which is less than they will take.</summary>
    public Percentiles Measured()
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            Take();
            return Percentiles.Of([.. _milliseconds, .. _pending.Values.Select(s => time.GetElapsedTime(s.Committed, now).TotalMilliseconds)], _pending.Count);
        }
    }

    /// <summary>Asks until stopped, and then until everything was seen or <paramref name="patience"/> is over.</summary>
    public async Task RunAsync(TimeSpan patience, CancellationToken stop)
    {
        var saved = time.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            await AskAsync();
            if (time.GetElapsedTime(saved) > TimeSpan.FromSeconds(1))
            {
                saved = time.GetTimestamp();
                await SaveAsync();
            }

            await Task.Delay(_pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var stopped = time.GetTimestamp();
        while (await AskAsync() > 0 && time.GetElapsedTime(stopped) < patience) await Task.Delay(_pause, time, CancellationToken.None);
        await SaveAsync();
    }

    private void Take()
    {
        while (_samples.TryDequeue(out var sample)) _pending[sample.Id] = sample;
    }

    // Returns how many still wait.
    private async Task<int> AskAsync()
    {
        Sample[] pending;
        lock (_gate)
        {
            Take();
            pending = [.. _pending.Values];
        }

        var left = pending.Length;
        foreach (var part in pending.Chunk(Asked))
        {
            var wanted = string.Join(',', part.Select(static s => $"({s.Account},'{s.Id}')"));
            var rows = await clickhouse.QueryAsync($"SELECT DISTINCT transaction_id FROM transactions_realtime WHERE (account_id, transaction_id) IN ({wanted})", CancellationToken.None);
            var now = time.GetTimestamp();
            lock (_gate)
            {
                foreach (var row in rows)
                {
                    if (!_pending.Remove(row[0].GetGuid(), out var sample)) continue;
                    left--;
                    var milliseconds = time.GetElapsedTime(sample.Committed, now).TotalMilliseconds;
                    _milliseconds.Add(milliseconds);
                    _unsaved.Add((sample.At, milliseconds));
                }
            }
        }

        return left;
    }

    // For the dashboard, which shows the platform's own latency beside the payments.
    private async Task SaveAsync()
    {
        if (_unsaved.Count == 0) return;
        var values = string.Join(',', _unsaved.Select(static v => string.Create(CultureInfo.InvariantCulture, $"({v.At.ToUnixTimeMilliseconds()},{v.Milliseconds:0.###})")));
        _unsaved.Clear();
        await clickhouse.RepeatAsync($"INSERT INTO payment_visibility SELECT fromUnixTimestamp64Milli(c1), c2 FROM values('c1 Int64, c2 Float64', {values})", CancellationToken.None);
    }

    private sealed record Sample(Guid Id, long Account, long Committed, DateTimeOffset At);
}
