using Microsoft.Extensions.Logging;
using Millrace.Broker.Log;
using Millrace.Protocol;

namespace Millrace.Broker.Metadata;

/// <content>The parts of a change: checks, the file, the new snapshot.</content>
internal sealed partial class TopicCatalog
{
    /// <summary>Each partition holds open files and memory: a number beyond this is a mistake of the caller's.</summary>
    private const int MaxPartitions = 10_000;

    private static SortedDictionary<string, string> Sorted(IReadOnlyDictionary<string, string> configs)
    {
        var sorted = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in configs) sorted[key] = value;
        return sorted;
    }

    private static void CheckPartitions(int partitions)
    {
        if (partitions <= 0) throw new RequestFailedException(ErrorCode.InvalidPartitions, $"Number of partitions was set to an invalid non-positive value: {partitions}");
        if (partitions > MaxPartitions) throw new RequestFailedException(ErrorCode.InvalidPartitions, $"{partitions} partitions are more than the {MaxPartitions} that one topic may have here");
    }

    private void CheckNew(string name, int partitions, IReadOnlyDictionary<string, string> configs)
    {
        if (TopicNames.Problem(name) is { } problem) throw new RequestFailedException(ErrorCode.InvalidTopic, problem);
        if (Find(name) is not null) throw new RequestFailedException(ErrorCode.TopicAlreadyExists, $"Topic '{name}' already exists.");
        string key = TopicNames.CollisionKey(name);
        if (All.FirstOrDefault(t => TopicNames.CollisionKey(t.Name) == key) is { } other)
            throw new RequestFailedException(ErrorCode.InvalidTopic, $"Topic '{name}' collides with existing topic '{other.Name}': '.' and '_' cannot be told apart in metrics");
        CheckPartitions(partitions);
        TopicConfigDefinitions.Validate(configs);
    }

    private Topic Require(string name) =>
        Find(name) ?? throw new RequestFailedException(ErrorCode.UnknownTopicOrPartition, $"Topic '{name}' does not exist.");

    private IEnumerable<CatalogEntry> Entries() => All.Select(static t => new CatalogEntry(t.Name, t.Id, t.Partitions.Count, Sorted(t.Configs)));

    private void Save(IEnumerable<CatalogEntry> entries)
    {
        try
        {
            _file.Save(entries, _deleted);
        }
        catch (IOException e)
        {
            LogNotSaved(_logger, e);
            throw new RequestFailedException(ErrorCode.KafkaStorageError, $"the topic catalogue could not be written: {e.Message}");
        }
    }

    private void Replace(Topic topic, int partitions, IReadOnlyDictionary<string, string> configs)
    {
        Save(Entries().Where(e => e.Id != topic.Id).Append(new CatalogEntry(topic.Name, topic.Id, partitions, Sorted(configs))));
        Publish(topic.Name, topic.Id, partitions, configs);
    }

    /// <summary>A disk that is full at this moment must not leave a topic that only the next start would know.</summary>
    private Topic PublishOrTakeBack(CatalogEntry entry)
    {
        try
        {
            return Publish(entry.Name, entry.Id, entry.Partitions, entry.Configs);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotCreated(_logger, e, entry.Name);
            _deleted.Add(entry.Id);
            Save(Entries());
            throw new RequestFailedException(ErrorCode.KafkaStorageError, $"the partitions of topic '{entry.Name}' could not be made: {e.Message}");
        }
    }

    private Topic Publish(string name, Guid id, int partitions, IReadOnlyDictionary<string, string> configs)
    {
        var effective = Definitions.Effective(configs);
        var logs = new PartitionLog[partitions];
        for (int i = 0; i < partitions; i++)
        {
            logs[i] = _logs.Create(new TopicPartition(name, i), id, effective);
            if (logs[i].Config != effective) logs[i].UpdateConfig(effective);
        }

        var topic = new Topic(name, id, configs, logs, effective);
        _snapshot = _snapshot.With(topic);
        return topic;
    }

    [LoggerMessage(2020, LogLevel.Information, "Created topic {Topic} with {Partitions} partitions, id {Id}")]
    private static partial void LogCreated(ILogger logger, string topic, int partitions, Guid id);

    [LoggerMessage(2024, LogLevel.Error, "The partitions of topic {Topic} could not be made")]
    private static partial void LogNotCreated(ILogger logger, Exception error, string topic);

    [LoggerMessage(2021, LogLevel.Information, "Deleted topic {Topic}, id {Id}")]
    private static partial void LogDeleted(ILogger logger, string topic, Guid id);

    [LoggerMessage(2022, LogLevel.Warning, "Topic {Topic} with {Partitions} partitions was found in the data directory and not in the catalogue: taken over with default settings")]
    private static partial void LogAdopted(ILogger logger, string topic, int partitions);

    [LoggerMessage(2023, LogLevel.Error, "The topic catalogue could not be written: the change is refused")]
    private static partial void LogNotSaved(ILogger logger, Exception error);
}
