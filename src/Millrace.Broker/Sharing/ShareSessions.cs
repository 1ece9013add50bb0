using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Protocol;

namespace Millrace.Broker.Sharing;

/// <summary>Whose session it is: a member has one with each node.</summary>
internal readonly record struct ShareSessionKey(int NodeId, string GroupId, string MemberId);

/// <summary>The partitions that a member fetches again and again. Used by one connection at a time.</summary>
internal sealed class ShareSession(ShareSessionKey key, long connection)
{
    private readonly Lock _lock = new();
    private List<(Guid TopicId, int Partition)> _partitions = [];
    private int _epoch = 1;
    private int _first;

    public ShareSessionKey Key => key;

    public long Connection => connection;

    public CancellationTokenRegistration OnDisconnect { get; set; }

    public IReadOnlyList<(Guid TopicId, int Partition)> Partitions
    {
        get
        {
            lock (_lock) return [.. _partitions];
        }
    }

    public bool TryAdvance(int epoch)
    {
        lock (_lock)
        {
            if (epoch != _epoch) return false;
            _epoch = _epoch == int.MaxValue ? 1 : _epoch + 1;
            return true;
        }
    }

    public bool IsAt(int epoch)
    {
        lock (_lock) return epoch == _epoch;
    }

    /// <summary>The partitions after a change, each time beginning with another, so that none is starved.</summary>
    public IReadOnlyList<(Guid TopicId, int Partition)> Change(IEnumerable<(Guid TopicId, int Partition)> added, IEnumerable<(Guid TopicId, int Partition)> forgotten)
    {
        lock (_lock)
        {
            _partitions = [.. _partitions.Union(added).Except(forgotten)];
            if (_partitions.Count == 0) return [];
            _first = (_first + 1) % _partitions.Count;
            return [.. _partitions[_first..], .. _partitions[.._first]];
        }
    }
}

/// <summary>The share sessions of this broker, at most <c>group.share.max.share.sessions</c>. A session ends with its connection, and frees what its member holds.</summary>
internal sealed partial class ShareSessions(SharePartitions partitions, int slots, ILogger logger)
{
    private readonly ConcurrentDictionary<ShareSessionKey, ShareSession> _sessions = new();

    public const int NewEpoch = 0;
    public const int FinalEpoch = -1;

    public int Count => _sessions.Count;

    /// <summary>Begins a session; one that is there ends.</summary>
    /// <exception cref="RequestFailedException">There is no room.</exception>
    public async ValueTask<ShareSession> OpenAsync(ShareSessionKey key, Network.ConnectionInfo connection)
    {
        if (_sessions.TryGetValue(key, out var old)) await CloseAsync(old);
        if (_sessions.Count >= slots) throw new RequestFailedException(ErrorCode.ShareSessionLimitReached, "The limit of share sessions has been reached.");
        var session = new ShareSession(key, connection.Id);
        _sessions[key] = session;
        session.OnDisconnect = connection.Aborted.UnsafeRegister(_ => Disconnected(session), null);
        return session;
    }

    /// <summary>The session of a request that goes on.</summary>
    /// <exception cref="RequestFailedException">There is none, or it is at another epoch.</exception>
    public ShareSession Continue(ShareSessionKey key, int epoch, long connection)
    {
        var session = Find(key, connection);
        if (epoch != FinalEpoch && !session.TryAdvance(epoch)) throw new RequestFailedException(ErrorCode.InvalidShareSessionEpoch, "The share session epoch is invalid.");
        return session;
    }

    /// <summary>Ends a session and frees what its member holds.</summary>
    public async ValueTask CloseAsync(ShareSession session)
    {
        await session.OnDisconnect.DisposeAsync();
        _sessions.TryRemove(new(session.Key, session));
        await partitions.ReleaseAsync(session.Key.GroupId, session.Key.MemberId, session.Partitions);
    }

    /// <summary>A member has left its group, or was removed from it.</summary>
    public void MemberLeft(string groupId, string memberId)
    {
        foreach (var session in _sessions.Values.Where(s => s.Key.GroupId == groupId && s.Key.MemberId == memberId)) _ = CloseQuietlyAsync(session);
    }

    private ShareSession Find(ShareSessionKey key, long connection) =>
        _sessions.TryGetValue(key, out var session) && session.Connection == connection
            ? session
            : throw new RequestFailedException(ErrorCode.ShareSessionNotFound, "The share session was not found.");

    private void Disconnected(ShareSession session) => _ = CloseQuietlyAsync(session);

    private async Task CloseQuietlyAsync(ShareSession session)
    {
        // Away from the thread that tells of the end of the connection.
        await Task.Yield();
        try
        {
            await CloseAsync(session);
        }
        catch (Exception exception)
        {
            CloseFailed(logger, exception, session.Key.GroupId, session.Key.MemberId);
        }
    }

    [LoggerMessage(2433, LogLevel.Warning, "Share group {Group}: what member {Member} held could not be freed; it is free when its locks end")]
    private static partial void CloseFailed(ILogger logger, Exception exception, string group, string member);
}
