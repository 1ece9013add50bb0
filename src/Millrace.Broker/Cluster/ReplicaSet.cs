using Millrace.Broker.Log;

namespace Millrace.Broker.Cluster;

/// <summary>
/// The replicas of one partition in a cluster that is modelled: all of them are the one log that there is. A replica that is in sync has all of it at once; of one
/// that stopped only the end that it had is remembered, and the log is cut there should it ever lead without having caught up.
/// Changes come one at a time, from <see cref="VirtualCluster"/>.
/// </summary>
internal sealed class ReplicaSet(PartitionLog log, IReadOnlyList<int> replicas, Func<int, bool> isRunning)
{
    private readonly Dictionary<int, long> _endsOfStopped = [];
    private Replication _current = new(replicas, replicas, Replication.NoLeader);

    public PartitionLog Log { get; } = log;

    public Replication Current => Volatile.Read(ref _current);

    private IEnumerable<int> Running => Current.Replicas.Where(isRunning);

    /// <summary>The first leader: the preferred one, or whoever runs. Replicas that do not run yet are out of sync from the start.</summary>
    public void Begin()
    {
        var running = Running.ToList();
        foreach (int stopped in Current.Replicas.Except(running)) _endsOfStopped[stopped] = Log.LogEndOffset;
        Publish(running.Count == 0 ? Current : Current with { InSync = running, Leader = running[0] });
    }

    /// <summary>A node has stopped.</summary>
    public async ValueTask LoseAsync(int node)
    {
        if (!Current.Replicas.Contains(node)) return;
        _endsOfStopped.TryAdd(node, Log.LogEndOffset);
        if (Current.InSync.Count > 1) Publish(Current with { InSync = [.. Current.InSync.Where(n => n != node)] });
        if (Current.Leader != node) return;
        Publish(Current with { Leader = Replication.NoLeader });
        await ElectAsync(Log.Config.UncleanLeaderElection);
    }

    /// <summary>A node runs again.</summary>
    public async ValueTask JoinAsync(int node)
    {
        if (!Current.Replicas.Contains(node)) return;
        if (Current.Leader == Replication.NoLeader) await ElectAsync(Log.Config.UncleanLeaderElection);
        else CatchUp();
    }

    /// <summary>Makes the first in-sync replica that runs the leader, unless there is one.</summary>
    /// <param name="unclean">Whether one that is not in sync may lead: what it had not got yet is lost.</param>
    /// <returns>Whether there is a leader that was not there before.</returns>
    public async ValueTask<bool> ElectAsync(bool unclean)
    {
        if (Current.Leader != Replication.NoLeader) return false;
        int leader = Running.Where(Current.InSync.Contains).DefaultIfEmpty(Replication.NoLeader).First();
        if (leader == Replication.NoLeader && unclean)
        {
            leader = Running.DefaultIfEmpty(Replication.NoLeader).First();
            if (leader != Replication.NoLeader) await Log.TruncateToAsync(_endsOfStopped[leader]);
        }

        if (leader == Replication.NoLeader) return false;
        Lead(leader);
        return true;
    }

    /// <summary>Gives the partition back to its preferred leader.</summary>
    /// <returns>False where that one does not run, or leads already.</returns>
    public bool ElectPreferred()
    {
        int preferred = Current.Replicas[0];
        if (Current.Leader == preferred || !isRunning(preferred) || !Current.InSync.Contains(preferred)) return false;
        Lead(preferred);
        return true;
    }

    private void Lead(int node)
    {
        Log.BecomeLeader(Log.LeaderEpoch + 1);
        Publish(Current with { Leader = node, InSync = [node] });
        CatchUp();
    }

    private void CatchUp()
    {
        var running = Running.ToList();
        foreach (int node in running) _endsOfStopped.Remove(node);
        Publish(Current with { InSync = running });
    }

    private void Publish(Replication next) => Volatile.Write(ref _current, next);
}
