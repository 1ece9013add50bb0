using Microsoft.Extensions.Options;
using Millrace.Kafka.Retry;

namespace Millrace.Kafka.Hosting;

/// <summary>Options of one consumer, in the section <c>Millrace:Kafka:Consumers:&lt;group id&gt;</c> or in code.</summary>
public sealed class KafkaConsumerOptions
{
    /// <summary>The topics; one that begins with <c>^</c> is a regular expression.</summary>
    public List<string> Topics { get; } = [];

    /// <summary>The consumer group.</summary>
    public string GroupId { get; set; } = "";

    /// <summary>Keys for this consumer alone; they override <see cref="MillraceKafkaOptions.Consumer"/>.</summary>
    /// <value>Default: none.</value>
    public Dictionary<string, string> Config { get; } = new(StringComparer.Ordinal);

    /// <summary>The most records taken at once, and given at once to a batch handler. <c>max.poll.records</c> overrides it.</summary>
    /// <value>Default: 500.</value>
    public int BatchSize { get; set; } = 500;

    /// <summary>How often offsets of finished records are committed. They are also committed before partitions are given up, and at shutdown.</summary>
    /// <value>Default: 1 s.</value>
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How failed records are tried again.</summary>
    public RetryOptions Retry { get; } = new();

    /// <summary>The topic for records that fail for good.</summary>
    /// <value>Default: null: the topic's name with <c>.dlt</c>.</value>
    public string? DeadLetterTopic { get; set; }

    /// <summary>How long a record (or batch) that is being handled when the application stops may still take, before its token is cancelled. The host's own
    /// <c>ShutdownTimeout</c> (30 s by default) must be longer.</summary>
    /// <value>Default: 20 s.</value>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>A record that takes longer than this makes the health check unhealthy.</summary>
    /// <value>Default: 1 min.</value>
    public TimeSpan StuckAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>More records behind than this makes the health check degraded.</summary>
    /// <value>Default: 100,000.</value>
    public long LagWarning { get; set; } = 100_000;
}

/// <summary>Checks one consumer's options at start.</summary>
internal sealed class KafkaConsumerOptionsValidator(IOptions<MillraceKafkaOptions> shared) : IValidateOptions<KafkaConsumerOptions>
{
    public ValidateOptionsResult Validate(string? name, KafkaConsumerOptions options)
    {
        var errors = new List<string>();
        if (options.GroupId.Length == 0)
            errors.Add($"Consumer {name}: GroupId is empty.");
        if (options.Topics.Count == 0)
            errors.Add($"Consumer {name}: Topics is empty. Name at least one.");
        if (options.BatchSize < 1)
            errors.Add($"Consumer {name}: BatchSize is {options.BatchSize}; it must be at least 1.");
        if (options.CommitInterval <= TimeSpan.Zero)
            errors.Add($"Consumer {name}: CommitInterval is {options.CommitInterval}; it must be greater than zero.");
        if (options.Retry.MaxAttempts < 1)
            errors.Add($"Consumer {name}: Retry:MaxAttempts is {options.Retry.MaxAttempts}; it must be at least 1.");
        if (errors.Count == 0)
            CheckConfig(name, options, errors);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private void CheckConfig(string? name, KafkaConsumerOptions options, List<string> errors)
    {
        MillraceKafkaOptionsValidator.Collect(errors, () => shared.Value.ConsumerConfig(options.Config));
        if (errors.Count > 0)
            return;
        var config = shared.Value.ConsumerConfig(options.Config).Native;
        if (string.Equals(config.GetValueOrDefault("enable.auto.commit"), "true", StringComparison.OrdinalIgnoreCase))
            errors.Add($"Consumer {name}: enable.auto.commit=true would commit records that are not finished, and lose them in a crash. Remove it.");
        var poll = TimeSpan.FromMilliseconds(double.Parse(config.GetValueOrDefault("max.poll.interval.ms", "300000"), System.Globalization.CultureInfo.InvariantCulture));
        if (options.Retry.LongestWait >= poll)
            errors.Add($"Consumer {name}: Retry may wait {options.Retry.LongestWait}, longer than max.poll.interval.ms ({poll}): the group would take the partition away meanwhile. Lower Retry, or raise max.poll.interval.ms.");
    }
}
