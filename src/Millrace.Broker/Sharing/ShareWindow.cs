using Millrace.Protocol;

namespace Millrace.Broker.Sharing;

/// <summary>
/// The records of one share partition that are on their way: from the first that is not settled (<see cref="Start"/>) to the last that was ever given out. A state machine without
/// threads, log or clock. Transitions that must be stored are made on a copy, which takes the place of the original once it is stored.
/// </summary>
/// <remarks>The runs cover the window without a hole; they begin with one that is not settled.</remarks>
internal sealed class ShareWindow
{
    private readonly OffsetRuns _runs;

    public ShareWindow(long start)
    {
        Start = End = start;
        _runs = new OffsetRuns();
    }

    private ShareWindow(long start, long end, OffsetRuns runs)
    {
        Start = start;
        End = end;
        _runs = runs;
    }

    /// <summary>The first offset that is not settled.</summary>
    public long Start { get; private set; }

    /// <summary>The first offset that was never given out.</summary>
    public long End { get; private set; }

    public IReadOnlyList<DeliveryRun> Runs => _runs;

    /// <summary>The offset to read on from: what is to be delivered again comes before what is new.</summary>
    public long NextFetchOffset
    {
        get
        {
            foreach (var run in _runs)
            {
                if (run.State == DeliveryState.Available) return run.First;
            }

            return End;
        }
    }

    /// <summary>How many offsets of the window are settled.</summary>
    public int SettledCount => (int)Math.Min(_runs.Where(static r => r.IsTerminal).Sum(static r => r.Length), int.MaxValue);

    /// <summary>When the first lock ends.</summary>
    public long NextDeadline => _runs.Where(static r => r.State == DeliveryState.Acquired).Select(static r => r.Deadline).DefaultIfEmpty(long.MaxValue).Min();

    /// <summary>The window that stored batches describe: what is missing between them had been given out, and was not answered.</summary>
    public static ShareWindow Restore(long start, IEnumerable<DeliveryRun> stored)
    {
        var window = new ShareWindow(start);
        foreach (var run in stored.Where(r => r.Last >= start).OrderBy(static r => r.First))
        {
            window.ExtendTo(run.Last + 1);
            window._runs.Set(run with { First = Math.Max(run.First, start) });
        }

        window.Advance();
        return window;
    }

    public ShareWindow Clone() => new(Start, End, _runs.Clone());

    /// <summary>Whether a fetch may find something: there are records to be delivered again, or there is room for new ones.</summary>
    public bool CanAcquire(int maxRecordLocks) => NextFetchOffset < End || End - Start < maxRecordLocks;

    /// <summary>Gives records that were read from the log to a member.</summary>
    /// <param name="member">The member.</param>
    /// <param name="from">The offset from which on was read; offsets from here on that are in no range do not exist.</param>
    /// <param name="ranges">What was read.</param>
    /// <param name="limit">How much it may be.</param>
    /// <param name="settings">The group's settings.</param>
    /// <param name="now">Monotonic milliseconds.</param>
    public List<AcquiredRange> Acquire(string member, long from, IReadOnlyList<LogRange> ranges, AcquireLimit limit, ShareSettings settings, long now)
    {
        var taking = new Acquisition(this, member, limit, settings, now + settings.LockDurationMs);
        var next = Math.Max(from, Start);
        foreach (var range in ranges)
        {
            if (range.Last < next) continue;
            if (range.First > next && !taking.Skip(next, range.First - 1)) break;
            next = Math.Max(next, range.First);
            if (range.IsGap ? !taking.Skip(next, range.Last) : !taking.Take(next, range.Last)) break;
            next = range.Last + 1;
        }

        Advance();
        return taking.Acquired;
    }

    /// <summary>Takes a member's answers.</summary>
    /// <returns>Whether something is to be stored.</returns>
    /// <exception cref="RequestFailedException">The member does not hold these records: then nothing of all this counts, and this copy is to be thrown away.</exception>
    public bool Acknowledge(string member, IEnumerable<AcknowledgementBatch> batches, ShareSettings settings, long now)
    {
        var changed = false;
        foreach (var batch in batches)
        {
            var next = Math.Max(batch.First, Start);
            while (next <= batch.Last)
            {
                var last = batch.EndOfType(next);
                changed |= Acknowledge(member, next, last, batch.TypeAt(next), settings, now);
                next = last + 1;
            }
        }

        Advance();
        return changed;
    }

    /// <summary>A member gives back all that it holds; it has not seen these records, so this delivery does not count.</summary>
    public bool Release(string member, ShareSettings settings) =>
        GiveBack(r => r.Member == member, r => (short)Math.Max(r.Count - 1, 0), settings);

    /// <summary>Takes records back whose lock has ended.</summary>
    public bool Expire(long now, ShareSettings settings) => GiveBack(r => r.Deadline <= now, static r => r.Count, settings);

    /// <summary>What is to be stored of this window, given that <paramref name="before"/> is: what was answered or taken back.</summary>
    public IEnumerable<DeliveryRun> ChangesSince(ShareWindow before)
    {
        foreach (var old in before._runs.Where(static r => r.State == DeliveryState.Acquired))
        {
            foreach (var run in _runs.Within(old.First, old.Last))
            {
                if (run.State != DeliveryState.Acquired) yield return run;
            }
        }
    }

    /// <summary>Records before this offset are no longer in the log.</summary>
    public bool MoveStart(long logStart)
    {
        if (logStart <= Start) return false;
        _runs.RemoveBefore(logStart);
        Start = logStart;
        End = Math.Max(End, logStart);
        Advance();
        return true;
    }

    /// <summary>The log has become shorter: what is gone is not in the window either.</summary>
    public void TruncateTo(long logEnd)
    {
        if (logEnd >= End) return;
        _runs.RemoveFrom(logEnd);
        End = logEnd;
        Start = Math.Min(Start, logEnd);
        Advance();
    }

    private bool Acknowledge(string member, long first, long last, AcknowledgeType type, ShareSettings settings, long now)
    {
        if (first >= End || last >= End) throw Invalid("Batch record not found. The request batch offsets are not found in the cache.");
        foreach (var run in _runs.Within(first, last).ToList())
        {
            if (run.State != DeliveryState.Acquired) throw Invalid("The batch cannot be acknowledged. The batch is not in the acquired state.");
            if (run.Member != member) throw Invalid("Member is not the owner of batch record");
            _runs.Set(type switch
            {
                AcknowledgeType.Renew => run with { Deadline = now + settings.LockDurationMs },
                AcknowledgeType.Accept => new(run.First, run.Last, DeliveryState.Acknowledged, run.Count),
                AcknowledgeType.Release => Returned(run, run.Count, settings),
                _ => new(run.First, run.Last, DeliveryState.Archived, run.Count),
            });
        }

        return type != AcknowledgeType.Renew;
    }

    private bool GiveBack(Func<DeliveryRun, bool> which, Func<DeliveryRun, short> count, ShareSettings settings)
    {
        var back = _runs.Where(r => r.State == DeliveryState.Acquired && which(r)).ToList();
        foreach (var run in back) _runs.Set(Returned(run, count(run), settings));
        Advance();
        return back.Count > 0;
    }

    private static DeliveryRun Returned(in DeliveryRun run, short count, ShareSettings settings) =>
        new(run.First, run.Last, count >= settings.DeliveryCountLimit ? DeliveryState.Archived : DeliveryState.Available, count);

    private static RequestFailedException Invalid(string message) => new(ErrorCode.InvalidRecordState, message);

    private void ExtendTo(long end)
    {
        if (end <= End) return;
        _runs.Set(new DeliveryRun(End, end - 1, DeliveryState.Available, 0));
        End = end;
    }

    /// <summary>What is settled at the beginning leaves the window.</summary>
    private void Advance()
    {
        var settled = 0;
        while (settled < _runs.Count && _runs[settled].IsTerminal) settled++;
        if (settled == 0) return;
        Start = settled == _runs.Count ? End : _runs[settled].First;
        _runs.RemoveBefore(Start);
    }

    /// <summary>One fetch's way through the window and beyond its end.</summary>
    private sealed class Acquisition(ShareWindow window, string member, AcquireLimit limit, ShareSettings settings, long deadline)
    {
        // Records that were delivered that often may be what brings consumers down: they come in ever smaller portions, at last alone.
        private readonly int _suspicious = Math.Max(2, (settings.DeliveryCountLimit + 1) / 2);
        private long _records;

        public List<AcquiredRange> Acquired { get; } = [];

        /// <summary>Offsets without a record.</summary>
        public bool Skip(long first, long last)
        {
            if (!ExtendTo(last + 1)) return false;
            foreach (var run in window._runs.Within(first, last).ToList())
            {
                if (run.State == DeliveryState.Available) window._runs.Set(new(run.First, run.Last, DeliveryState.Archived, run.Count));
            }

            return true;
        }

        /// <summary>Offsets of one batch of the log; false when it is enough.</summary>
        public bool Take(long first, long last)
        {
            if (_records >= limit.MaxRecords) return false;
            if (limit.IsStrict) last = Math.Min(last, Math.Max(window.End - 1, first + limit.MaxRecords - _records - 1));
            if (!ExtendTo(last + 1)) last = window.End - 1;
            foreach (var run in window._runs.Within(first, last).ToList())
            {
                if (run.State != DeliveryState.Available) continue;
                var length = Allowed(run, last - first + 1);
                if (length == 0) return false;
                Give(run.First, run.First + length - 1, run.Count);
                if (length < run.Length || IsLastAttempt(run)) return false;
            }

            return last >= first;
        }

        private long Allowed(in DeliveryRun run, long batch)
        {
            var length = run.Length;
            if (limit.IsStrict) length = Math.Min(length, limit.MaxRecords - _records);
            if (IsLastAttempt(run)) return _records > 0 ? 0 : Math.Min(length, 1);
            if (run.Count >= _suspicious) length = Math.Min(length, Math.Max(1, batch >> (run.Count - _suspicious + 1)));
            return length;
        }

        private bool IsLastAttempt(in DeliveryRun run) => settings.DeliveryCountLimit > 2 && run.Count == settings.DeliveryCountLimit - 1;

        private void Give(long first, long last, short count)
        {
            window._runs.Set(new DeliveryRun(first, last, DeliveryState.Acquired, (short)(count + 1)) { Member = member, Deadline = deadline });
            Acquired.Add(new AcquiredRange(first, last, (short)(count + 1)));
            _records += last - first + 1;
        }

        // A batch that has begun is given as a whole, unless the client wants no more than so many records.
        private bool ExtendTo(long end)
        {
            if (end <= window.End) return true;
            if (window.End - window.Start >= settings.MaxRecordLocks) return false;
            window.ExtendTo(end);
            return true;
        }
    }
}
