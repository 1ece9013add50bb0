using System.Collections.Concurrent;
using System.Globalization;
using Millrace.Samples.Bank.Audit;
using Millrace.Samples.Bank.Generator;

namespace Millrace.Cli.Demo;

/// <summary>
/// Measures commit → visible as a customer's dashboard would see it: takes a sample of the commits, from the moment that PostgreSQL acknowledged each, and
/// asks ClickHouse again and again until a query returns its row. The time between two questions is part of the figure.
/// </summary>
internal sealed class VisibilityProbe(ClickHouseQueries clickhouse, TimeProvider time)
{
    // At most this many wait at a time: the probe must not become the load that it measures.
    private const int MostPending = 32;
    private static readonly TimeSpan _between = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentQueue<(Guid Id, long Account, long Committed, DateTimeOffset At)> _samples = new();
    private readonly List<double> _milliseconds = [];
    private readonly List<(DateTimeOffset At, double Milliseconds)> _unsaved = [];
    private readonly Lock _gate = new();
    private long _lastSample;

    public void Committed(BankCommit commit)
    {
        var now = time.GetTimestamp();
        var last = Interlocked.Read(ref _lastSample);
        if (time.GetElapsedTime(last, now) < _between || _samples.Count >= MostPending || Interlocked.CompareExchange(ref _lastSample, now, last) != last) return;
        _samples.Enqueue((commit.Rows[0].TransactionId, commit.Rows[0].AccountId, now, time.GetUtcNow()));
    }

    public IReadOnlyList<double> Milliseconds
    {
        get
        {
            lock (_gate) return [.. _milliseconds];
        }
    }

    /// <summary>Asks until stopped; samples that are pending then are dropped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var pending = new Dictionary<Guid, (long Account, long Committed, DateTimeOffset At)>();
        var saved = time.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                while (_samples.TryDequeue(out var sample)) pending[sample.Id] = (sample.Account, sample.Committed, sample.At);
                if (pending.Count > 0) await AskAsync(pending, stop);
                if (time.GetElapsedTime(saved) > TimeSpan.FromSeconds(1))
                {
                    saved = time.GetTimestamp();
                    await SaveAsync(stop);
                }

                await Task.Delay(_pause, time, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task AskAsync(Dictionary<Guid, (long Account, long Committed, DateTimeOffset At)> pending, CancellationToken stop)
    {
        var wanted = string.Join(',', pending.Select(static p => $"({p.Value.Account},'{p.Key}')"));
        var rows = await clickhouse.QueryAsync($"SELECT transaction_id FROM transactions_realtime WHERE (account_id, transaction_id) IN ({wanted})", stop);
        var now = time.GetTimestamp();
        foreach (var row in rows)
        {
            if (!pending.Remove(row[0].GetGuid(), out var sample)) continue;
            var milliseconds = time.GetElapsedTime(sample.Committed, now).TotalMilliseconds;
            lock (_gate) _milliseconds.Add(milliseconds);
            _unsaved.Add((sample.At, milliseconds));
        }
    }

    // For the dashboard, which shows the platform's own latency beside the payments.
    private async Task SaveAsync(CancellationToken stop)
    {
        if (_unsaved.Count == 0) return;
        var values = string.Join(',', _unsaved.Select(static v => string.Create(CultureInfo.InvariantCulture, $"({v.At.ToUnixTimeMilliseconds()},{v.Milliseconds:0.###})")));
        _unsaved.Clear();
        await clickhouse.ExecuteAsync($"INSERT INTO payment_visibility SELECT fromUnixTimestamp64Milli(c1), c2 FROM values('c1 Int64, c2 Float64', {values})", stop);
    }
}
