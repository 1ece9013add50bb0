using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Connect.Configuration;

namespace Millrace.Connect;

/// <summary>Creates the topics of a source before their first record, with <c>topic.creation.default.*</c>; brokers need not create topics by themselves.</summary>
internal sealed class SourceTopics(KafkaClients clients, IReadOnlyDictionary<string, string> config)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    internal IReadOnlyCollection<string> Known => _known;

    internal ValueTask EnsureAsync(string topic) => _known.Contains(topic) ? ValueTask.CompletedTask : new(CreateAsync(topic));

    internal static bool IsValidName(string topic) =>
        topic.Length is > 0 and <= 249 && topic is not ("." or "..") && topic.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private async Task CreateAsync(string topic)
    {
        if (!IsValidName(topic))
            throw new ConnectException($"\"{topic}\" is not a legal topic name (letters, digits, '.', '_' and '-' only, at most 249). Rename it by a transform such as RegexRouter.");
        var settings = config.WithPrefix("topic.creation.default.");
        var partitions = settings.Remove("partitions", out var p) ? int.Parse(p, System.Globalization.CultureInfo.InvariantCulture) : -1;
        var replicas = settings.Remove("replication.factor", out var r) ? short.Parse(r, System.Globalization.CultureInfo.InvariantCulture) : (short)-1;
        using var admin = clients.Admin();
        try
        {
            await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = replicas, Configs = settings }]);
        }
        catch (CreateTopicsException e) when (e.Results[0].Error.Code == ErrorCode.TopicAlreadyExists)
        {
            // Somebody made it as they wish.
        }
        catch (CreateTopicsException e)
        {
            throw new ConnectException($"Topic {topic} could not be created: {e.Results[0].Error.Reason}. Check topic.creation.default.* or create it by hand.", e);
        }

        _known.Add(topic);
    }
}
