using System.Collections.Concurrent;

namespace Millrace.ClickHouse;

/// <summary>
/// HTTP sessions (<c>session_id</c>): settings and temporary tables that live on between requests, each on a connection of its own,
/// until <c>session_timeout</c> seconds pass without a request. One request at a time, as in ClickHouse.
/// </summary>
internal sealed class SessionTable(EngineSupervisor supervisor, TimeProvider time) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);

    /// <summary>Takes a session for one request.</summary>
    /// <exception cref="ClickHouseException">Another request holds it, or it must exist (<paramref name="mustExist"/>) and does not.</exception>
    internal async Task<EngineClient> RentAsync(string id, bool mustExist, CancellationToken ct)
    {
        if (mustExist && !_sessions.ContainsKey(id))
            throw new ClickHouseException(ErrorCodes.SessionNotFound, "SESSION_NOT_FOUND", $"Session {id} not found");
        var session = _sessions.GetOrAdd(id, static _ => new Session());
        if (!session.TryLock())
            throw new ClickHouseException(ErrorCodes.SessionIsLocked, "SESSION_IS_LOCKED", $"Session {id} is locked by a concurrent client");
        try
        {
            session.Expiry?.Dispose();
            if (session.Client is { IsConnected: false } dead)
            {
                dead.Dispose();
                session.Client = null;
            }

            return session.Client ??= await supervisor.RentAsync(ct);
        }
        catch
        {
            session.Unlock();
            throw;
        }
    }

    /// <summary>Gives a session back; it ends after <paramref name="timeout"/> without a request.</summary>
    internal void Return(string id, TimeSpan timeout)
    {
        if (!_sessions.TryGetValue(id, out var session))
            return;
        if (session.Client is { IsIdle: false } broken)
        {
            broken.Dispose();
            session.Client = null;
        }

        session.Expiry = time.CreateTimer(_ => Expire(id, session), null, timeout, Timeout.InfiniteTimeSpan);
        session.Unlock();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var session in _sessions.Values)
        {
            if (session.Expiry is { } timer)
                await timer.DisposeAsync();
            session.Client?.Dispose();
        }
    }

    private void Expire(string id, Session session)
    {
        if (!session.TryLock())
            return;
        _sessions.TryRemove(id, out _);
        session.Expiry?.Dispose();
        session.Client?.Dispose();
    }

    private sealed class Session
    {
        private int _isLocked;

        internal EngineClient? Client { get; set; }

        internal ITimer? Expiry { get; set; }

        internal bool TryLock() => Interlocked.Exchange(ref _isLocked, 1) == 0;

        internal void Unlock() => Volatile.Write(ref _isLocked, 0);
    }
}
