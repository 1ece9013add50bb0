using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Broker.Coordination;
using Millrace.Broker.Metadata;
using Millrace.Protocol;

namespace Millrace.Broker.Sharing;

/// <summary>The share partitions of this broker. One comes into being when it is first fetched from.</summary>
internal sealed class SharePartitions : IDisposable
{
    private readonly ConcurrentDictionary<ShareKey, SharePartition> _partitions = new();
    private readonly TopicCatalog _topics;
    private readonly ShareStateStore _store;
    private readonly Func<string, ShareSettings> _settings;
    private readonly DeadlineScheduler _scheduler;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public SharePartitions(TopicCatalog topics, ShareStateStore store, Func<string, ShareSettings> settings, TimeProvider time, ILogger logger)
    {
        (_topics, _store, _settings, _time, _logger) = (topics, store, settings, time, logger);
        _scheduler = new DeadlineScheduler(time);
    }

    public ShareStateStore Store => _store;

    public ShareSettings SettingsOf(string groupId) => _settings(groupId);

    /// <summary>The share partition.</summary>
    /// <exception cref="RequestFailedException">There is no such topic or partition.</exception>
    public SharePartition Get(ShareKey key)
    {
        if (_topics.Find(key.TopicId) is not { } topic) throw new RequestFailedException(ErrorCode.UnknownTopicId, "This server does not host this topic ID.");
        if (topic.Partition(key.Partition) is not { } log) throw new RequestFailedException(ErrorCode.UnknownTopicOrPartition, $"Topic {topic.Name} has no partition {key.Partition}.");
        return _partitions.GetOrAdd(key, k => new SharePartition(k, log, _store, () => _settings(k.GroupId), _scheduler, _time, _logger));
    }

    public async ValueTask ReleaseAsync(string groupId, string memberId, IEnumerable<(Guid TopicId, int Partition)> partitions)
    {
        foreach (var (topicId, partition) in partitions)
        {
            if (!_partitions.TryGetValue(new ShareKey(groupId, topicId, partition), out var there)) continue;
            try
            {
                await there.ReleaseAsync(memberId);
            }
            catch (RequestFailedException)
            {
                // It begins anew: nobody holds anything.
            }
        }
    }

    /// <summary>Begins a partition anew at an offset; what members hold of it counts no more.</summary>
    public async ValueTask<ErrorCode> ResetAsync(ShareKey key, int stateEpoch, long startOffset)
    {
        await DropAsync(key);
        return await _store.InitializeAsync(key, stateEpoch, startOffset);
    }

    /// <summary>Forgets a partition.</summary>
    public async ValueTask<ErrorCode> DeleteAsync(ShareKey key)
    {
        await DropAsync(key);
        return await _store.DeleteAsync(key);
    }

    public async ValueTask ForgetTopicAsync(Guid topicId)
    {
        foreach (var key in _partitions.Keys.Where(k => k.TopicId == topicId).Union(_store.KeysOf(topicId)).ToList()) await DeleteAsync(key);
    }

    public void Dispose() => _scheduler.Dispose();

    private async ValueTask DropAsync(ShareKey key)
    {
        if (_partitions.TryRemove(key, out var there)) await there.CloseAsync();
    }
}
