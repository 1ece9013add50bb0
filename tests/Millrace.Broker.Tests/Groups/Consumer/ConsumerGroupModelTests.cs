using CsCheck;
using Millrace.Broker.Groups.Consumer;
using Millrace.Broker.Groups.Consumer.Assignors;

namespace Millrace.Broker.Tests.Groups.Consumer;

/// <summary>
/// Random histories of one group: members that come, call, give up late, leave, fall silent; topics that grow; a log that breaks; restarts. No partition ever has two
/// owners among the clients, and once all is quiet everything is shared out evenly.
/// </summary>
public sealed class ConsumerGroupModelTests
{
    private enum Kind
    {
        Join,
        Beat,
        Acknowledge,
        Leave,
        Pass,
        Grow,
        Restart,
        BreakLog,
        MendLog,
    }

    private static readonly Gen<(Kind Kind, int Who)> Action = Gen.Select(
        Gen.Frequency((4, Gen.Const(Kind.Join)), (8, Gen.Const(Kind.Beat)), (6, Gen.Const(Kind.Acknowledge)), (1, Gen.Const(Kind.Leave)), (2, Gen.Const(Kind.Pass)),
            (1, Gen.Const(Kind.Grow)), (1, Gen.Const(Kind.Restart)), (1, Gen.Const(Kind.BreakLog)), (2, Gen.Const(Kind.MendLog))),
        Gen.Int[0, 4]);

    [Fact]
    public void Every_history_keeps_partitions_apart_and_ends_even() => Action.List[1, 80].Sample(Run, iter: 3_000);

    [Theory]
    [InlineData("uniform")]
    [InlineData("range")]
    public void Every_assignment_gives_each_partition_that_is_read_to_one_of_its_readers(string name)
    {
        var assignor = ServerAssignors.Find(name)!;
        var ids = Enumerable.Range(0, 4).Select(static i => new Guid(i + 1, 0, 0, new byte[8])).ToArray();
        Gen.Select(Gen.Int[0, 9].Array[4], Gen.Int[0, 15].Array[1, 6]).Sample((counts, masks) =>
        {
            var partitions = ids.Zip(counts).ToDictionary();
            List<AssignorMember> members = [.. masks.Select((mask, i) =>
                new AssignorMember($"m{i}", null, ids.Where((_, t) => (mask & (1 << t)) != 0).ToHashSet(), new HashSet<TopicIdPartition>()))];
            var first = assignor.Assign(members, partitions);
            Check(members, partitions, first);
            // The same question with the answer in hand moves nothing.
            var again = assignor.Assign([.. members.Select(m => m with { Current = first[m.MemberId] })], partitions);
            Check(members, partitions, again);
            Assert.All(members, m => Assert.True(first[m.MemberId].SetEquals(again[m.MemberId])));
            if (name != "uniform") return;
            foreach (var (more, less) in members.SelectMany(_ => members, static (a, b) => (a, b)))
            {
                var movable = first[more.MemberId].Any(p => less.Topics.Contains(p.TopicId));
                Assert.False(movable && first[more.MemberId].Count > first[less.MemberId].Count + 1, "a partition could move to somebody with less");
            }
        }, iter: 5_000);
    }

    private static void Check(
        List<AssignorMember> members, Dictionary<Guid, int> partitions, IReadOnlyDictionary<string, IReadOnlySet<TopicIdPartition>> targets)
    {
        var all = targets.Values.SelectMany(static t => t).ToList();
        Assert.Equal(all.Count, all.Distinct().Count());
        Assert.All(members, m => Assert.All(targets[m.MemberId], p => Assert.Contains(p.TopicId, m.Topics)));
        Assert.Equal(partitions.Where(p => members.Exists(m => m.Topics.Contains(p.Key))).Sum(static p => p.Value), all.Count);
    }

    private static void Run(List<(Kind Kind, int Who)> actions)
    {
        var harness = new ConsumerGroupHarness();
        harness.Topic("t", 3);
        var clients = Enumerable.Range(0, 5).Select(i => new Client($"m{i}", harness)).ToList();
        foreach (var (kind, who) in actions)
        {
            var client = clients[who];
            switch (kind)
            {
                case Kind.Join:
                    if (!client.IsIn) client.Join();
                    break;
                case Kind.Beat:
                    if (client.IsIn) client.Beat(acknowledge: false);
                    break;
                case Kind.Acknowledge:
                    if (client.IsIn) client.Beat(acknowledge: true);
                    break;
                case Kind.Leave:
                    if (client.IsIn) client.Leave();
                    break;
                case Kind.Pass:
                    foreach (var removed in harness.Pass(6_000)) clients.Single(c => c.MemberId == removed).Drop();
                    break;
                case Kind.Grow:
                    harness.Topic("t", harness.Find("t")!.Partitions + 1);
                    break;
                case Kind.Restart:
                    harness.Restart();
                    break;
                default:
                    harness.IsLogBroken = kind == Kind.BreakLog;
                    break;
            }

            var owned = clients.SelectMany(static c => c.Owned).ToList();
            Assert.Equal(owned.Count, owned.Distinct().Count());
        }

        harness.IsLogBroken = false;
        for (var round = 0; round < 8; round++) clients.FindAll(static c => c.IsIn).ForEach(static c => c.Beat(acknowledge: true));
        var members = clients.FindAll(static c => c.IsIn);
        Assert.Equal(members.Count == 0 ? "Empty" : "Stable", harness.Group.State);
        if (members.Count == 0) return;
        Assert.Equal(harness.Find("t")!.Partitions, members.Sum(static m => m.Owned.Count));
        Assert.InRange(members.Max(static m => m.Owned.Count) - members.Min(static m => m.Owned.Count), 0, 1);
    }

    private sealed class Client(string memberId, ConsumerGroupHarness harness)
    {
        private int _epoch;
        private HashSet<TopicIdPartition>? _told;

        public string MemberId => memberId;

        public HashSet<TopicIdPartition> Owned { get; } = [];

        public bool IsIn { get; private set; }

        public void Join() => Try(() =>
        {
            Take(harness.Join(memberId, null, "t"));
            IsIn = true;
        });

        /// <summary>Calls; a client that acknowledges first does what it was told.</summary>
        public void Beat(bool acknowledge) => Try(() =>
        {
            if (acknowledge && _told is { } told)
            {
                Owned.Clear();
                Owned.UnionWith(told);
            }

            Take(harness.Beat(memberId, _epoch, acknowledge ? [.. Owned] : null));
            if (acknowledge) Owned.IntersectWith(_told!);
        });

        public void Leave() => Try(() =>
        {
            harness.Leave(memberId);
            Drop();
        });

        public void Drop()
        {
            IsIn = false;
            Owned.Clear();
            _told = null;
        }

        private void Take(ConsumerHeartbeatResult result)
        {
            _epoch = result.Epoch;
            if (result.Assignment is { } assignment) _told = [.. assignment];
        }

        private static void Try(Action action)
        {
            try
            {
                action();
            }
            catch (IOException)
            {
                // The log is broken: the client gets an error and tries again some time.
            }
        }
    }
}
