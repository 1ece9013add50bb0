using Millrace.Connect.Configuration;
using Millrace.Connect.Transforms;

namespace Millrace.Connect;

/// <summary>The configuration keys that every connector has: Kafka Connect's ConnectorConfig, SourceConnectorConfig and SinkConnectorConfig.</summary>
internal static class ConnectorKeys
{
    private const string RetryNote =
        "has no effect: transforms and converters here do nothing that another try could cure; a sink's retriable failure is tried again for ever, and a failed task is restarted (restart.failed.tasks)";

    internal static ConfigDefinition For(bool source)
    {
        var definition = new ConfigDefinition()
            .Define(new ConfigKey("name", ConfigType.String, "Globally unique name to use for this connector.") { Required = true, Importance = Importance.High, Group = "Common" })
            .Define(new ConfigKey("connector.class", ConfigType.String, "Name or alias of the class for this connector.") { Required = true, Importance = Importance.High, Group = "Common" })
            .Define(new ConfigKey("tasks.max", ConfigType.Int, "Maximum number of tasks to use for this connector.") { Default = "1", Minimum = 1, Importance = Importance.High, Group = "Common" })
            .Define(Common("tasks.max.enforce", ConfigType.Boolean, "true", "Whether tasks.max is enforced; it always is."))
            .Define(Common("key.converter", ConfigType.Class, null, "Converter of keys; the worker's by default."))
            .Define(Common("value.converter", ConfigType.Class, null, "Converter of values; the worker's by default."))
            .Define(Common("header.converter", ConfigType.Class, null, "Converter of headers.") with { Allowed = ["org.apache.kafka.connect.storage.SimpleHeaderConverter"] })
            .Define(Common("config.action.reload", ConfigType.String, "restart", "What to do when an external configuration value changes.") with { Allowed = ["none", "restart"] })
            .Define(Common("transforms", ConfigType.List, "", "Aliases for the transformations to be applied to records."))
            .Define(Common("predicates", ConfigType.List, "", "Aliases for predicates.") with { Unsupported = "predicates come with the other transforms" })
            .Define(Common("errors.retry.timeout", ConfigType.Long, "0", "How long a failed operation is tried again, in ms; -1 for ever.") with { Note = RetryNote })
            .Define(Common("errors.retry.delay.max.ms", ConfigType.Long, "60000", "The longest wait between two tries.") with { Note = RetryNote })
            .Define(Common("errors.tolerance", ConfigType.String, "none", "none: a record that fails stops the task; all: it is skipped (or dead-lettered).") with { Allowed = ["none", "all"] })
            .Define(Common("errors.log.enable", ConfigType.Boolean, "false", "Log every record that fails."))
            .Define(Common("errors.log.include.messages", ConfigType.Boolean, "false", "Log the record's topic, partition and offset as well."))
            .DefinePattern("(key|value|header)\\.converter\\..+")
            .DefinePattern("transforms\\.[^.]+\\.(predicate|negate)", "predicates come with the other transforms")
            .DefinePattern("transforms\\..+")
            .DefinePattern("(producer|consumer|admin)\\.override\\..+");
        return source ? Source(definition) : Sink(definition);
    }

    /// <summary>The transforms' own keys, found through <c>transforms</c>.</summary>
    internal static void ValidateTransforms(IReadOnlyDictionary<string, string> config, ConnectPlugins plugins, ConfigValidation result)
    {
        foreach (var alias in config.GetList("transforms"))
        {
            var prefix = $"transforms.{alias}.";
            if (!config.TryGetValue(prefix + "type", out var type))
            {
                result.AddError(prefix + "type", $"Missing required configuration \"{prefix}type\" which has no default value.");
                continue;
            }

            try
            {
                var transform = plugins.CreateTransform(type);
                var own = config.WithPrefix(prefix);
                own.Remove("type");
                var checkedValues = new ConfigDefinition().Include(transform.Config, prefix, $"Transforms: {alias}").Validate(own.ToDictionary(p => prefix + p.Key, p => p.Value, StringComparer.Ordinal));
                if (checkedValues.ErrorCount == 0) transform.Configure(own);
                result.Merge(checkedValues);
            }
            catch (Exception e) when (e is ConfigException or ArgumentException)
            {
                result.AddError(prefix + "type", e.Message);
            }
        }
    }

    internal static IReadOnlyList<ITransform> CreateTransforms(IReadOnlyDictionary<string, string> config, ConnectPlugins plugins) =>
    [
        .. config.GetList("transforms").Select(alias =>
        {
            var own = config.WithPrefix($"transforms.{alias}.");
            var transform = plugins.CreateTransform(own["type"]);
            own.Remove("type");
            transform.Configure(own);
            return transform;
        }),
    ];

    private static ConfigDefinition Source(ConfigDefinition definition) => definition
        .Define(Common("exactly.once.support", ConfigType.String, "requested", "Sources are always exactly-once here.") with { Allowed = ["requested", "required"] })
        .Define(Common("transaction.boundary", ConfigType.String, "poll", "When a source's transaction is committed.") with
        {
            Allowed = ["poll", "interval"],
            Note = "transactions are committed when the source goes quiet, and at the latest after transaction.max.linger.ms of the worker",
        })
        .Define(Common("transaction.boundary.interval.ms", ConfigType.Long, null, "The longest time for which a transaction stays open.") with { Minimum = 0 })
        .Define(Common("offsets.storage.topic", ConfigType.String, null, "A topic of its own for this connector's offsets.") with { Unsupported = "all connectors use the worker's offset.storage.topic" })
        .Define(Common("topic.creation.groups", ConfigType.List, "", "Groups of topics with their own settings.") with { Unsupported = "use topic.creation.default.*, or create the topics" })
        .DefinePattern("topic\\.creation\\.default\\..+");

    private static ConfigDefinition Sink(ConfigDefinition definition) => definition
        .Define(Common("topics", ConfigType.List, "", "Topics to consume.") with { Importance = Importance.High })
        .Define(Common("topics.regex", ConfigType.String, "", "Regular expression of topics to consume.") with { Importance = Importance.High, Validator = JavaRegex.Validate })
        .Define(Common("errors.deadletterqueue.topic.name", ConfigType.String, "", "Topic for records that fail; none by default."))
        .Define(Common("errors.deadletterqueue.topic.replication.factor", ConfigType.Int, "-1", "Replication factor of that topic (Kafka Connect: 3)."))
        .Define(Common("errors.deadletterqueue.context.headers.enable", ConfigType.Boolean, "false", "Add headers that tell where and why a record failed."));

    private static ConfigKey Common(string name, ConfigType type, string? value, string doc) => new(name, type, doc) { Default = value, Group = "Common" };
}
