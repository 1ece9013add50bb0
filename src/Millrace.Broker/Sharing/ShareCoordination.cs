using Millrace.Broker.Groups.Share;

namespace Millrace.Broker.Sharing;

/// <summary>All of share groups but their members: the stored state, the share partitions, the sessions.</summary>
internal sealed class ShareCoordination(ShareStateStore store, SharePartitions partitions, ShareSessions sessions) : IDisposable
{
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

    public void Dispose() => partitions.Dispose();

    private static void Check(Protocol.ErrorCode error)
    {
        if (error != Protocol.ErrorCode.None) throw new RequestFailedException(Protocol.ErrorCode.CoordinatorNotAvailable, $"The state of the share group could not be written: {error}.");
    }
}
