using Microsoft.Extensions.Options;
using Millrace.Kafka.Configuration;
using Millrace.Kafka.Naming;

namespace Millrace.Kafka.Hosting;

/// <summary>What to do about a topic name that breaks the convention of <see cref="TopicName"/>.</summary>
public enum TopicNaming
{
    /// <summary>The application does not start.</summary>
    Enforce,

    /// <summary>Any name is accepted.</summary>
    Ignore,
}

/// <summary>The section <c>Millrace:Kafka</c>: how to reach Kafka. Keys are librdkafka's or Java's.</summary>
public sealed class MillraceKafkaOptions
{
    /// <summary>Keys for all clients: <c>bootstrap.servers</c>, <c>security.protocol</c> ….</summary>
    /// <value>Default: none.</value>
    public Dictionary<string, string> Client { get; } = new(StringComparer.Ordinal);

    /// <summary>Keys for producers.</summary>
    /// <value>Defaults that differ from librdkafka: <c>enable.idempotence=true</c>, <c>acks=all</c>, <c>partitioner=murmur2_random</c> (as Java's),
    /// <c>linger.ms=5</c>, <c>compression.type=lz4</c>.</value>
    public Dictionary<string, string> Producer { get; } = new(StringComparer.Ordinal);

    /// <summary>Keys for consumers.</summary>
    /// <value>Defaults that differ from librdkafka: <c>partition.assignment.strategy=cooperative-sticky</c>, <c>auto.offset.reset=earliest</c>.</value>
    public Dictionary<string, string> Consumer { get; } = new(StringComparer.Ordinal);

    /// <summary>A producer.properties file to read before <see cref="Producer"/>, which overrides it.</summary>
    /// <value>Default: null, none.</value>
    public string? ProducerFile { get; set; }

    /// <summary>A consumer.properties file to read before <see cref="Consumer"/>, which overrides it.</summary>
    /// <value>Default: null, none.</value>
    public string? ConsumerFile { get; set; }

    /// <summary>Whether names of produced topics must follow the convention.</summary>
    /// <value>Default: <see cref="TopicNaming.Enforce"/>.</value>
    public TopicNaming TopicNaming { get; set; }

    internal KafkaClientConfig ProducerConfig() => Build(KafkaClientRole.Producer, ProducerFile, Producer, [
        new("enable.idempotence", "true"), new("acks", "all"), new("partitioner", "murmur2_random"), new("linger.ms", "5"), new("compression.type", "lz4")]);

    internal KafkaClientConfig ConsumerConfig(IReadOnlyDictionary<string, string> overrides)
    {
        var own = new Dictionary<string, string>(Consumer, StringComparer.Ordinal);
        foreach (var (key, value) in overrides)
            own[key] = value;
        var defaults = new List<KeyValuePair<string, string>> { new("auto.offset.reset", "earliest") };
        if (own.GetValueOrDefault("group.protocol") != "consumer" && Client.GetValueOrDefault("group.protocol") != "consumer")
            defaults.Add(new("partition.assignment.strategy", "cooperative-sticky"));
        return Build(KafkaClientRole.Consumer, ConsumerFile, own, defaults);
    }

    private KafkaClientConfig Build(KafkaClientRole role, string? file, Dictionary<string, string> own, List<KeyValuePair<string, string>> defaults)
    {
        // The later wins, key by key as written; KafkaClientConfig then finds two names for one setting.
        var merged = new Dictionary<string, PropertyLine>(StringComparer.Ordinal);
        foreach (var (key, value) in Client)
            merged[key] = new PropertyLine(0, key, value);
        if (file is not null)
        {
            // Read on its own first, so that its errors name its lines.
            _ = KafkaClientConfig.Read(file, role);
            foreach (var line in PropertiesFile.Parse(File.ReadAllText(file)))
                merged[line.Key] = line;
        }

        foreach (var (key, value) in own)
            merged[key] = new PropertyLine(0, key, value);
        foreach (var (key, value) in defaults)
        {
            if (!merged.Keys.Any(k => KeyTable.Renamed.GetValueOrDefault(k, k) == key || (key == "partitioner" && k.StartsWith("partitioner.", StringComparison.Ordinal))))
                merged[key] = new PropertyLine(0, key, value);
        }

        return KafkaClientConfig.FromLines(merged.Values, $"Millrace:Kafka:{role}", role);
    }
}

/// <summary>Checks the section at start.</summary>
internal sealed class MillraceKafkaOptionsValidator : IValidateOptions<MillraceKafkaOptions>
{
    public ValidateOptionsResult Validate(string? name, MillraceKafkaOptions options)
    {
        var errors = new List<string>();
        Collect(errors, options.ProducerConfig);
        Collect(errors, () => options.ConsumerConfig(new Dictionary<string, string>(StringComparer.Ordinal)));
        if (errors.Count == 0 && !options.ProducerConfig().Native.ContainsKey("bootstrap.servers"))
            errors.Add("Millrace:Kafka:Client: bootstrap.servers: is not set. Name at least one broker, as in 'localhost:9092'.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors.Distinct(StringComparer.Ordinal));
    }

    internal static void Collect(List<string> errors, Func<KafkaClientConfig> build)
    {
        try
        {
            _ = build();
        }
        catch (KafkaConfigException e)
        {
            errors.AddRange(e.Errors.Select(static x => x.ToString()));
        }
        catch (IOException e)
        {
            errors.Add(e.Message);
        }
    }
}
