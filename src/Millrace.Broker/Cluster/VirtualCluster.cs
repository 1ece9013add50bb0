using System.Collections.Concurrent;
using Millrace.Broker.Log;
using Millrace.Broker.Metadata;
using Millrace.Protocol;

namespace Millrace.Broker.Cluster;

/// <summary>
/// Several nodes in one process, for tests: one log for each partition, and a model of who leads it, who is in sync, and what is lost when the wrong one leads.
/// Readers take no lock; nodes stop and start one at a time.
/// </summary>
internal sealed class VirtualCluster : IDisposable
{
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly ConcurrentDictionary<(Guid Topic, int Partition), ReplicaSet> _sets = new();
    private readonly ConcurrentDictionary<Guid, Placement> _placements = new();
    private readonly IReadOnlyList<NodeIdentity> _nodes;
    private readonly int _defaultFactor;
    private volatile HashSet<int> _running;
    private int _nextFirst = -1;

    public VirtualCluster(IReadOnlyList<NodeIdentity> nodes, int defaultReplicationFactor)
    {
        _nodes = nodes;
        _defaultFactor = Math.Min(defaultReplicationFactor, nodes.Count);
        _running = [.. nodes.Select(static n => n.NodeId)];
    }

    public IReadOnlyList<NodeIdentity> Nodes => _nodes;

    public IReadOnlyList<NodeIdentity> Running => [.. _nodes.Where(n => _running.Contains(n.NodeId))];

    /// <summary>The first node that runs.</summary>
    public int ControllerId => _nodes.FirstOrDefault(n => _running.Contains(n.NodeId))?.NodeId ?? Replication.NoLeader;

    public bool IsRunning(int node) => _running.Contains(node);

    public Replication Of(PartitionLog log) => SetOf(log).Current;

    /// <summary>Whether a request for the partition has come to its leader.</summary>
    public ErrorCode CheckLeader(int node, PartitionLog log) => Of(log).Leader == node ? ErrorCode.None : ErrorCode.NotLeaderOrFollower;

    /// <summary>Whether the partition takes records: from its leader, and with acks=all only while there are min.insync.replicas.</summary>
    public ErrorCode CheckAppend(int node, PartitionLog log, short acks)
    {
        var replication = Of(log);
        return replication.Leader != node ? ErrorCode.NotLeaderOrFollower
            : acks == -1 && replication.InSync.Count < log.Config.MinInsyncReplicas ? ErrorCode.NotEnoughReplicas
            : ErrorCode.None;
    }

    /// <summary>Checks a replication factor that a client asks for.</summary>
    /// <exception cref="RequestFailedException">There are not so many nodes.</exception>
    public void CheckFactor(int factor)
    {
        if (factor > _running.Count)
            throw new RequestFailedException(ErrorCode.InvalidReplicationFactor, $"Unable to replicate the partition {factor} time(s): only {_running.Count} broker(s) run");
    }

    /// <summary>Says where a topic that is made now shall be.</summary>
    /// <param name="topic">The topic's id.</param>
    /// <param name="factor">Replicas of each partition; −1 takes the default.</param>
    /// <param name="assignments">The nodes of each partition where the client chose them, or null.</param>
    public void Place(Guid topic, int factor, IReadOnlyList<IReadOnlyList<int>>? assignments) =>
        _placements[topic] = new Placement(NextFirst(), factor < 0 ? _defaultFactor : factor, assignments);

    /// <summary>The nodes of a node id.</summary>
    public NodeIdentity? Node(int id) => _nodes.FirstOrDefault(n => n.NodeId == id);

    /// <summary>The nodes's leaderships go to others.</summary>
    public async Task StopAsync(int node, TopicCatalog topics)
    {
        await _changing.WaitAsync();
        try
        {
            var sets = Sets(topics).ToList();
            _running = [.. _running.Where(n => n != node)];
            foreach (var set in sets) await set.LoseAsync(node);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>The node catches up, and leads what nobody leads.</summary>
    public async Task StartAsync(int node, TopicCatalog topics)
    {
        await _changing.WaitAsync();
        try
        {
            _running = [.. _running, node];
            foreach (var set in Sets(topics)) await set.JoinAsync(node);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>An election that a client asks for (KIP-460).</summary>
    public async Task<ErrorCode> ElectAsync(PartitionLog log, bool unclean)
    {
        await _changing.WaitAsync();
        try
        {
            var set = SetOf(log);
            if (unclean ? await set.ElectAsync(unclean: true) : set.ElectPreferred()) return ErrorCode.None;
            bool needed = unclean ? set.Current.Leader == Replication.NoLeader : set.Current.Leader != set.Current.Replicas[0];
            return !needed ? ErrorCode.ElectionNotNeeded : unclean ? ErrorCode.EligibleLeadersNotAvailable : ErrorCode.PreferredLeaderNotAvailable;
        }
        finally
        {
            _changing.Release();
        }
    }

    public void Dispose() => _changing.Dispose();

    private IEnumerable<ReplicaSet> Sets(TopicCatalog topics) => topics.All.SelectMany(static t => t.Partitions).Select(SetOf);

    private ReplicaSet SetOf(PartitionLog log)
    {
        if (_sets.TryGetValue((log.TopicId, log.TopicPartition.Partition), out var known)) return known;
        return _sets.GetOrAdd((log.TopicId, log.TopicPartition.Partition), _ =>
        {
            var placement = _placements.GetOrAdd(log.TopicId, _ => new Placement(NextFirst(), _defaultFactor, null));
            var set = new ReplicaSet(log, Replicas(placement, log.TopicPartition.Partition), IsRunning);
            set.Begin();
            return set;
        });
    }

    private IReadOnlyList<int> Replicas(Placement placement, int partition) => placement.Assignments is { } chosen && partition < chosen.Count
        ? chosen[partition]
        : [.. Enumerable.Range(0, placement.Factor).Select(i => _nodes[(placement.First + partition + i) % _nodes.Count].NodeId)];

    // Topics begin on one node after another, so that leaders are spread.
    private int NextFirst() => (Interlocked.Increment(ref _nextFirst) & int.MaxValue) % _nodes.Count;

    private sealed record Placement(int First, int Factor, IReadOnlyList<IReadOnlyList<int>>? Assignments);
}
