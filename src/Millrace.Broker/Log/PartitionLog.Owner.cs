using Millrace.Broker.Log.Appending;

namespace Millrace.Broker.Log;

/// <summary>
/// One owner at a time: whoever finds the log free works through everything that waits, his own append included, and then goes. An append to a
/// quiet log runs on its caller's thread without a hop; under load the appends of many connections become one write (group commit). A thread or
/// channel per partition would cost a hop each, and memory for each of thousands of idle partitions.
/// </summary>
internal sealed partial class PartitionLog
{
    // After this much work for others the owner hands over to the pool: its own caller waits for its answer.
    private const int RoundsBeforeHandover = 4;

    private PendingWork? _pending;
    private int _owned;

    private HashSet<DataWaiter>? _watchers;
    private int _watcherCount;
    private readonly Lock _watcherLock = new();

    /// <summary>Runs maintenance between appends.</summary>
    internal Task<T> RunOwnedAsync<T>(Func<T> action)
    {
        var work = new PendingAction<T>(action);
        Submit(work);
        return work.Task;
    }

    internal Task RunOwnedAsync(Action action) => RunOwnedAsync<object?>(() =>
    {
        action();
        return null;
    });

    internal void AddWatcher(DataWaiter watcher)
    {
        lock (_watcherLock)
        {
            (_watchers ??= []).Add(watcher);
            _watcherCount = _watchers.Count;
        }

        // The watcher looks for data after this: it sees either the data or, by this fence, gets the signal.
        Interlocked.MemoryBarrier();
    }

    internal void RemoveWatcher(DataWaiter watcher)
    {
        lock (_watcherLock)
        {
            _watchers?.Remove(watcher);
            _watcherCount = _watchers?.Count ?? 0;
        }
    }

    private void NotifyWatchers()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _watcherCount) == 0)
            return;
        lock (_watcherLock)
        {
            foreach (var watcher in _watchers!)
                watcher.Signal();
        }
    }

    private void Submit(PendingWork work)
    {
        PendingWork? head;
        do
        {
            head = Volatile.Read(ref _pending);
            work.Next = head;
        }
        while (Interlocked.CompareExchange(ref _pending, work, head) != head);

        if (Interlocked.Exchange(ref _owned, 1) == 0)
            Drain();
    }

    private void Drain()
    {
        for (var round = 0; ; round++)
        {
            var stack = Interlocked.Exchange(ref _pending, null);
            if (stack is null)
            {
                // Whoever pushed before this sees the log owned: look again after letting go.
                Interlocked.Exchange(ref _owned, 0);
                if (Volatile.Read(ref _pending) is null || Interlocked.Exchange(ref _owned, 1) != 0)
                    return;
                continue;
            }

            Process(Reverse(stack));
            if (round >= RoundsBeforeHandover && Volatile.Read(ref _pending) is not null)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static log => log.Drain(), this, preferLocal: false);
                return;
            }
        }
    }

    private void Process(PendingWork? work)
    {
        while (work is not null)
        {
            var next = work.Next;
            work.Next = null;
            if (work is PendingAppend append)
            {
                Plan(append);
            }
            else
            {
                Commit();
                ((PendingAction)work).Run();
            }

            work = next;
        }

        Commit();
    }

    private static PendingWork? Reverse(PendingWork? stack)
    {
        PendingWork? first = null;
        while (stack is not null)
        {
            var next = stack.Next;
            stack.Next = first;
            first = stack;
            stack = next;
        }

        return first;
    }
}
