using CsCheck;
using Millrace.Broker.Groups;
using Millrace.Protocol;

namespace Millrace.Broker.Tests.Groups;

/// <summary>
/// Random histories of one group: members that come, rejoin, sync, beat, leave, restart under their instance id, or fall silent, while the clock moves. After every
/// step the promises of the protocol must hold, and in the end everybody who waits must get an answer.
/// </summary>
public sealed class ClassicGroupModelTests
{
    private enum Kind
    {
        Join,
        JoinStatic,
        Rejoin,
        Sync,
        Heartbeat,
        Leave,
        Pass,
        BreakLog,
        MendLog,
    }

    private static readonly Gen<(Kind Kind, int Who, int Ms)> Action = Gen.Select(
        Gen.Frequency((4, Gen.Const(Kind.Join)), (2, Gen.Const(Kind.JoinStatic)), (6, Gen.Const(Kind.Rejoin)), (6, Gen.Const(Kind.Sync)),
            (6, Gen.Const(Kind.Heartbeat)), (1, Gen.Const(Kind.Leave)), (3, Gen.Const(Kind.Pass)), (1, Gen.Const(Kind.BreakLog)), (2, Gen.Const(Kind.MendLog))),
        Gen.Int[0, 5],
        Gen.Int[0, 8_000]);

    [Fact]
    public async Task Every_history_keeps_the_protocols_promises() =>
        await Action.List[1, 60].SampleAsync(RunAsync, iter: 2_000);

    private static async Task RunAsync(List<(Kind Kind, int Who, int Ms)> actions)
    {
        var model = new Model();
        foreach (var (kind, who, ms) in actions)
        {
            model.Apply(kind, who, ms);
            await model.CheckAsync();
        }

        model.Harness.WriteError = ErrorCode.None;
        // Longer than any timeout, and everybody silent: the group must come to rest and leave nobody waiting.
        model.Harness.Pass(1_000_000);
        await model.CheckAsync();
        Assert.Equal(GroupState.Empty, model.Harness.Group.State);
        Assert.Equal(long.MaxValue, model.Harness.Group.NextDeadline);
        Assert.All(model.Joins, static j => Assert.True(j.IsCompleted));
        Assert.All(model.Syncs, static s => Assert.True(s.Answer.IsCompleted));
    }

    private sealed class Model
    {
        private readonly List<string> _known = [];
        private readonly Dictionary<(int Generation, string Member), byte[]> _parts = [];
        private int _generation;
        private byte _round;

        public GroupHarness Harness { get; } = new();

        public List<Task<JoinGroupResult>> Joins { get; } = [];

        public List<(string Member, int Generation, Task<SyncGroupResult> Answer)> Syncs { get; } = [];

        public void Apply(Kind kind, int who, int ms)
        {
            var id = _known.Count == 0 ? "" : _known[who % _known.Count];
            var group = Harness.Group;
            var instance = group.Members.FirstOrDefault(m => m.MemberId == id)?.InstanceId;
            switch (kind)
            {
                case Kind.Join:
                    Joins.Add(Harness.Join(requireId: who % 2 == 0));
                    break;
                case Kind.JoinStatic:
                    Joins.Add(Harness.Join(instanceId: $"i{who % 2}", supportsSkipping: ms % 2 == 0));
                    break;
                case Kind.Rejoin when id.Length > 0:
                    Joins.Add(Harness.Join(id, instance, protocols: [new GroupProtocol("range", [(byte)(ms % 2)])]));
                    break;
                case Kind.Sync when id.Length > 0:
                    _round++;
                    var parts = group.Members.Select(m => (m.MemberId, new[] { _round })).ToArray();
                    var takes = group.State == GroupState.CompletingRebalance && id == group.LeaderId && Harness.WriteError == ErrorCode.None;
                    foreach (var (member, part) in takes ? parts : []) _parts[(group.Generation, member)] = part;
                    Syncs.Add((id, group.Generation, Harness.Sync(id, group.Generation, instance, id == group.LeaderId ? parts : [])));
                    break;
                case Kind.Heartbeat when id.Length > 0:
                    Harness.Heartbeat(id, group.Generation, instance);
                    break;
                case Kind.Leave when id.Length > 0:
                    Harness.Leave(id, instance);
                    break;
                case Kind.Pass:
                    Harness.Pass(ms);
                    break;
                case Kind.BreakLog:
                    Harness.WriteError = ErrorCode.NotCoordinator;
                    break;
                case Kind.MendLog:
                    Harness.WriteError = ErrorCode.None;
                    break;
            }
        }

        public async Task CheckAsync()
        {
            var group = Harness.Group;
            Assert.True(group.Generation >= _generation, "the generation never goes back");
            _generation = group.Generation;
            foreach (var join in Joins.Where(static j => j.IsCompleted))
            {
                var result = await join;
                if (result.MemberId.Length > 0 && !_known.Contains(result.MemberId)) _known.Add(result.MemberId);
            }

            foreach (var member in group.Members) if (!_known.Contains(member.MemberId)) _known.Add(member.MemberId);

            switch (group.State)
            {
                case GroupState.Empty:
                    Assert.Empty(group.Members);
                    break;
                case GroupState.Stable:
                    Assert.All(group.Members, static m => Assert.False(m.IsWaiting));
                    break;
            }

            if (group.State is GroupState.Stable or GroupState.CompletingRebalance)
            {
                Assert.Contains(group.Members, m => m.MemberId == group.LeaderId);
                Assert.NotNull(group.ProtocolName);
                Assert.All(group.Members, static m => Assert.Null(m.Join));
            }

            Assert.Equal(group.Members.Count, group.Members.Select(static m => m.InstanceId ?? m.MemberId).Distinct().Count());
            foreach (var (member, generation, answer) in Syncs.Where(static s => s.Answer.IsCompleted))
            {
                var result = await answer;
                if (result.Error != ErrorCode.None || !_parts.TryGetValue((generation, member), out var part)) continue;
                Assert.Equal(part, result.Assignment);
            }
        }
    }
}
