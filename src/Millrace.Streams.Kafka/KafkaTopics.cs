using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Millrace.Streams.Kafka;

/// <summary>Asks a cluster for the partitions of topics, without making them.</summary>
internal sealed class KafkaTopics : IDisposable
{
    private readonly IAdminClient _admin;
    private readonly string _bootstrapServers;

    public KafkaTopics(string bootstrapServers, IReadOnlyDictionary<string, string> properties)
    {
        _bootstrapServers = bootstrapServers;
        var config = new ClientConfig(SecurityOf(properties)) { BootstrapServers = bootstrapServers };

        // Connection errors reach the caller as exceptions; without a handler the client writes them to the console.
        _admin = new AdminClientBuilder(config).SetLogHandler(static (_, _) => { }).SetErrorHandler(static (_, _) => { }).Build();
    }

    /// <summary>The partitions of the topics.</summary>
    /// <param name="topics">The topics.</param>
    /// <param name="mustExist">Whether a topic that is not there is an error.</param>
    public async Task<List<TopicPartition>> PartitionsAsync(IEnumerable<string> topics, bool mustExist)
    {
        IReadOnlyList<TopicDescription> topicDescriptions;
        try
        {
            topicDescriptions = (await _admin.DescribeTopicsAsync(
                TopicCollection.OfTopicNames(topics), new DescribeTopicsOptions { RequestTimeout = TimeSpan.FromSeconds(30) })).TopicDescriptions;
        }
        catch (DescribeTopicsException exception)
        {
            topicDescriptions = exception.Results.TopicDescriptions;
        }
        catch (KafkaException exception)
        {
            throw new IOException($"Kafka at {_bootstrapServers} does not answer: {exception.Error.Reason}", exception);
        }

        var partitions = new List<TopicPartition>();
        foreach (var topic in topicDescriptions)
        {
            if (topic.Error.Code == ErrorCode.NoError)
            {
                partitions.AddRange(topic.Partitions.Select(one => new TopicPartition(topic.Name, one.Partition)));
            }
            else if (topic.Error.Code != ErrorCode.UnknownTopicOrPart)
            {
                throw new IOException($"Topic '{topic.Name}' at {_bootstrapServers}: {topic.Error.Reason}");
            }
            else if (mustExist)
            {
                throw new IOException($"Topic '{topic.Name}' does not exist at {_bootstrapServers}. Create it, or correct SetTopics; the job tries again as its restart strategy says.");
            }
        }

        return partitions;
    }

    public void Dispose() => _admin.Dispose();

    /// <summary>The settings that decide how to connect, which every kind of client takes.</summary>
    public static Dictionary<string, string> SecurityOf(IReadOnlyDictionary<string, string> properties) => properties
        .Where(static one => one.Key.StartsWith("security.", StringComparison.Ordinal) || one.Key.StartsWith("sasl.", StringComparison.Ordinal)
            || one.Key.StartsWith("ssl.", StringComparison.Ordinal) || one.Key is "client.id" or "client.rack" or "broker.address.family")
        .ToDictionary(static one => one.Key, static one => one.Value, StringComparer.Ordinal);
}
