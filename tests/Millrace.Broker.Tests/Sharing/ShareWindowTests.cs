using CsCheck;
using Millrace.Broker.Sharing;

namespace Millrace.Broker.Tests.Sharing;

/// <summary>The window against a model that keeps one entry for each offset.</summary>
public sealed class ShareWindowTests
{
    private static readonly ShareSettings Settings = new() { DeliveryCountLimit = 3, LockDurationMs = 1000, MaxRecordLocks = 30 };

    private static readonly Gen<(int Kind, int Who, int From, int Length, int Type)> Step =
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 2], Gen.Int[0, 40], Gen.Int[1, 6], Gen.Int[0, 4]);

    [Fact]
    public void Every_history_matches_the_model() => Step.List[1, 60].Sample(Run, iter: 3_000);

    private static void Run(List<(int Kind, int Who, int From, int Length, int Type)> steps)
    {
        var window = new ShareWindow(0);
        var model = new SortedDictionary<long, (DeliveryState State, short Count, string? Member, long Deadline)>();
        var stored = StoredShareState.Of(StoredShareState.Initial(1, 0, 0), 0);
        var now = 0L;
        foreach (var (kind, who, from, length, type) in steps)
        {
            var member = $"m{who}";
            var before = window;
            window = window.Clone();
            switch (kind)
            {
                case 0 or 1:
                    var next = window.NextFetchOffset;
                    List<LogRange> ranges = [];
                    for (var at = next / length * length; ranges.Count < 4; at += length) ranges.Add(new(at, at + length - 1, IsGap: false));
                    foreach (var range in window.Acquire(member, next, ranges, new AcquireLimit(from + 1, type == 0), Settings, now))
                    {
                        for (var o = range.First; o <= range.Last; o++)
                        {
                            var old = model.GetValueOrDefault(o);
                            Assert.Equal(DeliveryState.Available, old.State);
                            Assert.Equal(old.Count + 1, range.DeliveryCount);
                            Assert.True(range.DeliveryCount <= Settings.DeliveryCountLimit);
                            model[o] = (DeliveryState.Acquired, range.DeliveryCount, member, now + Settings.LockDurationMs);
                        }
                    }

                    if (type == 0) Assert.True(before.Runs.Where(static r => r.State == DeliveryState.Acquired).Sum(static r => r.Length) + from + 1 >= window.Runs.Where(static r => r.State == DeliveryState.Acquired).Sum(static r => r.Length));
                    break;
                case 2:
                    var first = window.Start + (from % 10);
                    var last = first + length - 1;
                    var isAllowed = Enumerable.Range(0, length).All(i => model.GetValueOrDefault(first + i) is { State: DeliveryState.Acquired } e && e.Member == member);
                    try
                    {
                        window.Acknowledge(member, [new AcknowledgementBatch(first, last, [(sbyte)type])], Settings, now);
                        Assert.True(isAllowed);
                        for (var o = first; o <= last; o++)
                        {
                            var count = model[o].Count;
                            model[o] = (AcknowledgeType)type switch
                            {
                                AcknowledgeType.Accept => (DeliveryState.Acknowledged, count, null, 0),
                                AcknowledgeType.Release => (count >= 3 ? DeliveryState.Archived : DeliveryState.Available, count, null, 0),
                                AcknowledgeType.Renew => (DeliveryState.Acquired, count, member, now + 1000),
                                _ => (DeliveryState.Archived, count, null, 0),
                            };
                        }
                    }
                    catch (RequestFailedException)
                    {
                        Assert.False(isAllowed);
                        window = before;
                    }

                    break;
                case 3:
                    window.Release(member, Settings);
                    foreach (var (o, e) in model.ToList())
                    {
                        if (e.State == DeliveryState.Acquired && e.Member == member) model[o] = (DeliveryState.Available, (short)(e.Count - 1), null, 0);
                    }

                    break;
                default:
                    now += from * 50;
                    window.Expire(now, Settings);
                    foreach (var (o, e) in model.ToList())
                    {
                        if (e.State == DeliveryState.Acquired && e.Deadline <= now) model[o] = (e.Count >= 3 ? DeliveryState.Archived : DeliveryState.Available, e.Count, null, 0);
                    }

                    break;
            }

            Check(window, model);
            if (window.ChangesSince(before).ToList() is { Count: > 0 } || window.Start != before.Start)
            {
                stored.Apply(
                    new Protocol.Messages.ShareUpdateValue
                    {
                        StartOffset = window.Start,
                        StateBatches = [.. window.ChangesSince(before).Select(static r => new Protocol.Messages.ShareUpdateValue.StateBatch { FirstOffset = r.First, LastOffset = r.Last, DeliveryState = (sbyte)r.State, DeliveryCount = r.Count })],
                    },
                    0);
            }

            CheckRestored(ShareWindow.Restore(stored.StartOffset, stored.Runs), model, window.Start);
        }
    }

    private static void Check(ShareWindow window, SortedDictionary<long, (DeliveryState State, short Count, string? Member, long Deadline)> model)
    {
        Assert.True(window.Runs.Count == 0 || window.Runs[0].First == window.Start);
        var next = window.Start;
        foreach (var run in window.Runs)
        {
            Assert.Equal(next, run.First);
            next = run.Last + 1;
            for (var o = run.First; o <= run.Last; o++)
            {
                var (state, count, member, deadline) = model.GetValueOrDefault(o);
                Assert.Equal((state, count, member, deadline), (run.State, run.Count, run.Member, run.Deadline));
            }
        }

        Assert.Equal(window.End, next);
        foreach (var (_, entry) in model.Where(e => e.Key < window.Start)) Assert.True(entry.State is DeliveryState.Acknowledged or DeliveryState.Archived);
    }

    /// <summary>After a crash nothing that was settled comes again, and everything else does.</summary>
    private static void CheckRestored(ShareWindow restored, SortedDictionary<long, (DeliveryState State, short Count, string? Member, long Deadline)> model, long start)
    {
        Assert.Equal(start, restored.Start);
        foreach (var (offset, entry) in model)
        {
            var isSettled = entry.State is DeliveryState.Acknowledged or DeliveryState.Archived;
            var isThere = restored.Runs.FirstOrDefault(r => r.First <= offset && offset <= r.Last) is var run && run.Last >= offset && run.First <= offset && offset >= restored.Start && offset < restored.End;
            Assert.Equal(isSettled, offset < restored.Start || (isThere && run.IsTerminal));
        }
    }
}
