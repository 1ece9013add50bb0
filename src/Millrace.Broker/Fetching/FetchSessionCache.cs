using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Millrace.Broker.Fetching;

/// <summary>
/// The fetch sessions of this broker, at most <c>max.incremental.fetch.session.cache.slots</c>. Looking one up takes no lock. When all slots are taken a new
/// session gets the place of one that was not used for two minutes, or of a smaller one that had its place for as long; otherwise the client goes on without.
/// </summary>
internal sealed class FetchSessionCache(int slots, TimeProvider time)
{
    /// <summary>As fixed in Apache Kafka.</summary>
    private const long EvictionMs = 120_000;

    private readonly ConcurrentDictionary<int, FetchSession> _sessions = new();
    private readonly Lock _creating = new();

    public int Count => _sessions.Count;

    public long NowMs => (long)time.GetElapsedTime(0).TotalMilliseconds;

    public FetchSession? Find(int id) => _sessions.GetValueOrDefault(id);

    public void Remove(int id) => _sessions.TryRemove(id, out _);

    /// <summary>A session for the partitions, or null where there is no room.</summary>
    public FetchSession? TryCreate(IReadOnlyCollection<FetchedPartition> partitions, bool byId)
    {
        lock (_creating)
        {
            var now = NowMs;
            if (_sessions.Count >= slots && !TryEvict(now, partitions.Count)) return null;
            int id;
            do id = RandomNumberGenerator.GetInt32(1, int.MaxValue);
            while (_sessions.ContainsKey(id));
            return _sessions[id] = new FetchSession(id, byId, now, partitions);
        }
    }

    private bool TryEvict(long now, int size)
    {
        if (_sessions.IsEmpty) return false;
        var stale = _sessions.Values.MinBy(static s => s.LastUsedMs)!;
        if (now - stale.LastUsedMs > EvictionMs) return _sessions.TryRemove(stale.Id, out _);
        var smaller = _sessions.Values.Where(s => now - s.CreatedMs >= EvictionMs && s.Size < size).MinBy(static s => s.Size);
        return smaller is not null && _sessions.TryRemove(smaller.Id, out _);
    }
}
