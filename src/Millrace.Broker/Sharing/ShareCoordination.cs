using Microsoft.Extensions.Logging;
using Millrace.Broker.Groups.Share;

namespace Millrace.Broker.Sharing;

/// <summary>All of share groups but their members: the stored state, the share partitions, the sessions.</summary>
internal sealed partial class ShareCoordination(
    ShareStateStore store, SharePartitions partitions, ShareSessions sessions, ShareOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    private ITimer? _pruning;
    private int _isPruning;

    public ShareStateStore Store => store;

    public SharePartitions Partitions => partitions;

    public ShareSessions Sessions => sessions;

    /// <summary>Makes the state of a topic's partitions, where there is none.</summary>
    /// <exception cref="RequestFailedException">It cannot be written.</exception>
    public async ValueTask InitializeAsync(string groupId, int groupEpoch, IReadOnlyList<SharedTopic> topics)
    {
        foreach (var topic in topics)
        {
            for (var partition = 0; partition < topic.Partitions; partition++)
            {
                var key = new ShareKey(groupId, topic.Id, partition);
                if (store.Find(key) is not null) continue;
                Check(await store.InitializeAsync(key, groupEpoch, StoredShareState.NoOffset));
            }
        }
    }

    /// <summary>Deletes the state of all partitions of a group.</summary>
    /// <exception cref="RequestFailedException">It cannot be written.</exception>
    public async ValueTask DeleteAsync(string groupId)
    {
        foreach (var key in store.KeysOf(groupId).ToList()) Check(await partitions.DeleteAsync(key));
    }

    /// <summary>From now on, what is not needed of the state topic is cut off every now and then.</summary>
    public void StartPruning()
    {
        var interval = TimeSpan.FromMilliseconds(options.PruneIntervalMs);
        _pruning = time.CreateTimer(_ => _ = PruneAsync(), null, interval, interval);
    }

    public void Dispose()
    {
        _pruning?.Dispose();
        partitions.Dispose();
    }

    private async Task PruneAsync()
    {
        if (Interlocked.Exchange(ref _isPruning, 1) != 0) return;
        try
        {
            for (var partition = 0; partition < store.Log.PartitionCount; partition++) await store.PruneAsync(partition, options.ColdSnapshotIntervalMs);
        }
        catch (Exception exception)
        {
            PruneFailed(logger, exception, store.Log.Topic);
        }
        finally
        {
            Volatile.Write(ref _isPruning, 0);
        }
    }

    private static void Check(Protocol.ErrorCode error)
    {
        if (error != Protocol.ErrorCode.None) throw new RequestFailedException(Protocol.ErrorCode.CoordinatorNotAvailable, $"The state of the share group could not be written: {error}.");
    }

    [LoggerMessage(2434, LogLevel.Warning, "{Topic} could not be cut off; it is tried again")]
    private static partial void PruneFailed(ILogger logger, Exception exception, string topic);
}
