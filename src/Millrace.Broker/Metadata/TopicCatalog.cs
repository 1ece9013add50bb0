using Microsoft.Extensions.Logging;
using Millrace.Broker.Log;
using Millrace.Protocol;

namespace Millrace.Broker.Metadata;

/// <summary>
/// The topics of the broker. Readers see an immutable snapshot and take no lock; changes come one at a time, and are on disk before they are seen.
/// </summary>
internal sealed partial class TopicCatalog : IDisposable
{
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly HashSet<Guid> _deleted = [];
    private readonly LogManager _logs;
    private readonly CatalogFile _file;
    private readonly ILogger _logger;
    private volatile CatalogSnapshot _snapshot = CatalogSnapshot.Empty;

    private TopicCatalog(LogManager logs, CatalogFile file, TopicConfigDefinitions definitions, ILogger logger)
    {
        _logs = logs;
        _file = file;
        Definitions = definitions;
        _logger = logger;
    }

    /// <summary>Called after a topic has gone: coordinators forget its offsets.</summary>
    public Action<Topic>? Deleted { get; set; }

    /// <summary>All topics, by name.</summary>
    public IReadOnlyList<Topic> All => _snapshot.Sorted;

    /// <summary>Changes with every change of a topic.</summary>
    public long Version => _snapshot.Version;

    public TopicConfigDefinitions Definitions { get; }

    /// <summary>Joins what the file says with the logs that were found.</summary>
    public static async Task<TopicCatalog> OpenAsync(CatalogContent content, LogManager logs, CatalogFile file, TopicConfigDefinitions definitions, ILogger<TopicCatalog> logger)
    {
        var catalog = new TopicCatalog(logs, file, definitions, logger);
        foreach (var log in logs.Logs.Where(l => content.Deleted.Contains(l.TopicId)).ToList()) await logs.DeleteAsync(log.TopicPartition);
        foreach (var entry in content.Topics) catalog.Publish(entry.Name, entry.Id, entry.Partitions, entry.Configs);
        foreach (var found in logs.Logs.Where(l => catalog.Find(l.TopicPartition.Topic) is null).GroupBy(static l => l.TopicPartition.Topic, StringComparer.Ordinal).ToList())
        {
            int partitions = found.Max(static l => l.TopicPartition.Partition) + 1;
            LogAdopted(logger, found.Key, partitions);
            catalog.Publish(found.Key, found.First().TopicId, partitions, new SortedDictionary<string, string>(StringComparer.Ordinal));
        }

        return catalog;
    }

    public Topic? Find(string name) => _snapshot.ByName.GetValueOrDefault(name);

    public Topic? Find(Guid id) => _snapshot.ById.GetValueOrDefault(id);

    public PartitionLog? FindPartition(string topic, int partition) => Find(topic)?.Partition(partition);

    /// <summary>Creates a topic, or only checks that it could be.</summary>
    /// <returns>The topic; null where it was only checked.</returns>
    /// <exception cref="RequestFailedException">The name, the number of partitions or a setting is not allowed, or the topic exists.</exception>
    public async ValueTask<Topic?> CreateAsync(string name, int partitions, IReadOnlyDictionary<string, string> configs, bool validateOnly = false, CancellationToken cancellationToken = default)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            CheckNew(name, partitions, configs);
            if (validateOnly) return null;
            var entry = new CatalogEntry(name, Guid.NewGuid(), partitions, Sorted(configs));
            Save(Entries().Append(entry));
            var topic = PublishOrTakeBack(entry);
            LogCreated(_logger, name, partitions, entry.Id);
            return topic;
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>The topic, which is created with the given settings if it is not there.</summary>
    public async ValueTask<Topic> GetOrCreateAsync(string name, int partitions, IReadOnlyDictionary<string, string> configs, CancellationToken cancellationToken = default)
    {
        if (Find(name) is { } there) return there;
        try
        {
            return (await CreateAsync(name, partitions, configs, validateOnly: false, cancellationToken))!;
        }
        catch (RequestFailedException e) when (e.Error == ErrorCode.TopicAlreadyExists)
        {
            return Find(name) ?? throw new RequestFailedException(ErrorCode.UnknownTopicOrPartition, $"topic {name} was deleted at this moment");
        }
    }

    /// <summary>Deletes a topic: at once for clients, and its files after their delay.</summary>
    /// <exception cref="RequestFailedException">The topic does not exist.</exception>
    public async ValueTask DeleteAsync(string name, CancellationToken cancellationToken = default)
    {
        Topic topic;
        await _changing.WaitAsync(cancellationToken);
        try
        {
            topic = Require(name);
            _deleted.Add(topic.Id);
            Save(Entries().Where(e => e.Id != topic.Id));
            _snapshot = _snapshot.Without(topic);
            foreach (var log in topic.Partitions) await _logs.DeleteAsync(log.TopicPartition);
        }
        finally
        {
            _changing.Release();
        }

        LogDeleted(_logger, name, topic.Id);
        Deleted?.Invoke(topic);
    }

    /// <summary>Adds partitions.</summary>
    /// <exception cref="RequestFailedException">The topic does not exist, or has as many partitions already.</exception>
    public async ValueTask GrowAsync(string name, int partitions, bool validateOnly, CancellationToken cancellationToken = default)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            var topic = Require(name);
            if (partitions <= topic.Partitions.Count)
                throw new RequestFailedException(ErrorCode.InvalidPartitions, $"Topic {name} has {topic.Partitions.Count} partitions: {partitions} would not be more, and partitions cannot be taken away");
            CheckPartitions(partitions);
            if (!validateOnly) Replace(topic, partitions, topic.Configs);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Replaces a topic's own settings by what <paramref name="change"/> makes of them.</summary>
    /// <exception cref="RequestFailedException">The topic does not exist, or a setting is not valid.</exception>
    public async ValueTask ConfigureAsync(
        string name, Func<IReadOnlyDictionary<string, string>, IReadOnlyDictionary<string, string>> change, bool validateOnly, CancellationToken cancellationToken = default)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            var topic = Require(name);
            var configs = change(topic.Configs);
            TopicConfigDefinitions.Validate(configs);
            if (!validateOnly) Replace(topic, topic.Partitions.Count, configs);
        }
        finally
        {
            _changing.Release();
        }
    }

    public void Dispose() => _changing.Dispose();
}
