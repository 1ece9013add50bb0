using Microsoft.Extensions.Time.Testing;
using Millrace.Broker.Coordination;
using Millrace.Broker.Groups;
using Millrace.Broker.Groups.Consumer;

namespace Millrace.Broker.Tests.Groups.Consumer;

/// <summary>A group of the new protocol with a clock and topics that the test moves, and a log that a "restart" loads it from.</summary>
internal sealed class ConsumerGroupHarness : IGroupTopics
{
    private readonly Dictionary<string, GroupTopic> _topics = new(StringComparer.Ordinal);
    private readonly List<CoordinatorRecord> _log = [];

    public ConsumerGroupHarness() => Group = New();

    public FakeTimeProvider Clock { get; } = new();

    public GroupCoordinatorOptions Options { get; init; } = new();

    public ConsumerGroup Group { get; private set; }

    public bool IsLogBroken { get; set; }

    public long Version { get; private set; }

    public IEnumerable<string> Names => _topics.Keys;

    public IReadOnlyList<CoordinatorRecord> Log => _log;

    public GroupTopic? Find(string name) => _topics.GetValueOrDefault(name);

    public GroupTopic? Find(Guid id) => _topics.Values.FirstOrDefault(t => t.Id == id);

    public Guid Topic(string name, int partitions, Guid? id = null)
    {
        var topic = new GroupTopic(name, id ?? Find(name)?.Id ?? Guid.NewGuid(), partitions);
        _topics[name] = topic;
        Version++;
        return topic.Id;
    }

    public ConsumerHeartbeatResult Join(string memberId, string? instanceId, params string[] topics) =>
        Beat(new ConsumerHeartbeat { GroupId = "g", MemberId = memberId, Epoch = 0, InstanceId = instanceId, RebalanceTimeoutMs = 10_000, Topics = topics, Owned = [] });

    public ConsumerHeartbeatResult Beat(string memberId, int epoch, IReadOnlyCollection<TopicIdPartition>? owned = null) =>
        Beat(new ConsumerHeartbeat { GroupId = "g", MemberId = memberId, Epoch = epoch, Owned = owned });

    public ConsumerHeartbeatResult Beat(ConsumerHeartbeat request)
    {
        var change = Group.Heartbeat(request);
        Commit(change.Records);
        return change.Result;
    }

    public void Leave(string memberId) => Commit(Group.Leave(new ConsumerHeartbeat { GroupId = "g", MemberId = memberId, Epoch = -1 }).Change.Records);

    /// <summary>Moves the clock and removes whose time is over.</summary>
    public IReadOnlyList<string> Pass(int milliseconds)
    {
        List<string> removed = [];
        Clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        while (Group.TakeExpired() is var (member, _))
        {
            removed.Add(member.MemberId);
            var broken = IsLogBroken;
            IsLogBroken = false;
            Commit(Group.Fence([member]));
            IsLogBroken = broken;
        }

        return removed;
    }

    public void Restart()
    {
        Group = New();
        foreach (var record in _log) Group.Apply((ConsumerGroupRecord)GroupRecords.Decode(record, 0)!);
        Group.Resume();
    }

    private ConsumerGroup New() => new("g", Options, this, Clock);

    private void Commit(IReadOnlyList<ConsumerGroupRecord> records)
    {
        if (records.Count == 0) return;
        if (IsLogBroken)
        {
            Group.OnWriteFailed();
            throw new IOException("the log is broken");
        }

        _log.AddRange(records.Select(ConsumerGroupRecords.Encode));
        foreach (var record in records) Group.Apply(record);
    }
}
