using System.Globalization;
using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Broker.Security;

namespace Millrace.Broker.Configuration;

/// <summary>Gives each key of a <c>server.properties</c> its effect, and gathers the options.</summary>
internal sealed class SettingsInterpreter(string file)
{
    private readonly Dictionary<string, PropertiesEntry> _entries = new(StringComparer.Ordinal);
    private readonly List<ServerSetting> _settings = [];
    private readonly List<string> _errors = [];
    private readonly List<string> _notices = [];
    private readonly Dictionary<string, string> _broker = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _topics = new(StringComparer.Ordinal);

    public void Add(PropertiesEntry entry)
    {
        if (_entries.TryGetValue(entry.Key, out var earlier) && earlier.Value != entry.Value)
        {
            Error(entry, SecuritySettings.Find(entry.Key) is { IsSecret: true }
                ? $"has another value on line {earlier.Line}: keep one"
                : $"is '{entry.Value}' here and '{earlier.Value}' on line {earlier.Line}: keep one");
        }

        _entries[entry.Key] = entry;
        if (Effect(entry) is { } effect) _settings.Add(new ServerSetting(entry.Line, entry.Key, SecuritySettings.Find(entry.Key) is { IsSecret: true } ? "[hidden]" : entry.Value, effect));
        else Error(entry, Unknown(entry.Key));
    }

    public ServerProperties Complete()
    {
        Times();
        Contradictions();
        if (_errors.Count > 0) throw new ServerPropertiesException(string.Join('\n', _errors)) { Errors = _errors };
        return new ServerProperties(file, _settings, _notices) { Apply = Apply };
    }

    private string? Effect(PropertiesEntry entry)
    {
        if (ReplicationSettings.Effect(entry, _notices, _topics) is { } replicated) return Checked(entry, ConfigType.Int, 1) ?? replicated;
        if (ListenerSettings.Effect(entry, _entries, out string? problem) is { } listener)
        {
            if (ListenerDefinitions.Knows(entry.Key)) _broker[entry.Key] = entry.Value.Trim();
            return problem is null ? listener : Refuse(entry, problem);
        }

        if (SecuritySettings.Find(entry.Key) is { } security) return Security(entry, security);
        if (SecuritySettings.IsUnused(entry.Key)) return "no effect: it concerns Java's TLS, or connections that this broker does not open";
        if (TimeSettings.IsTime(entry.Key)) return Checked(entry, ConfigType.Int, -1) ?? TimeSettings.Effect(entry);
        if (BrokerSettings.Find(entry.Key == "log.dir" ? "log.dirs" : entry.Key) is { } setting) return Broker(entry, setting);
        if (TopicConfigDefinitions.All.FirstOrDefault(d => d.BrokerName == entry.Key) is { } topic) return Topic(entry, topic);
        if (entry.Key == "remote.log.storage.system.enable" && entry.Value == "true") return Refuse(entry, "needs tiered storage, which this broker does not have");
        if (UnusedSettings.Refused.Contains(entry.Key) || entry.Key.StartsWith("listener.name.", StringComparison.Ordinal))
            return Refuse(entry, "is about security or policies that this broker does not offer yet: it is refused, since ignoring it would open what it closes. Take it out to run without");
        if (UnusedSettings.Cluster.Contains(entry.Key) || entry.Key == "remote.log.storage.system.enable") return "no effect: it concerns clusters of several nodes or tiered storage";
        if (UnusedSettings.NewGroups.Contains(entry.Key)) return "no effect: it is a bound for settings of single groups, or concerns group protocols that this broker does not offer yet";
        return UnusedSettings.Tuning.Contains(entry.Key) ? "no effect: it tunes threads, buffers or metrics of Kafka's own process" : null;
    }

    private string Broker(PropertiesEntry entry, ConfigDefinition setting)
    {
        if (setting.Problem(entry.Value) is { } problem) return Refuse(entry, problem);
        if (setting.Name == "max.connections.per.ip.overrides" && OverrideProblem(entry.Value) is { } unlike) return Refuse(entry, unlike);
        if (setting.Name == "log.dirs" && entry.Value.Contains(',', StringComparison.Ordinal)) return Refuse(entry, "names several directories; this broker keeps its data in one");
        _broker[setting.Name == "broker.id" ? "node.id" : setting.Name] = entry.Value.Trim();
        return $"{setting.Documentation.TrimEnd('.')}: {entry.Value}";
    }

    private static string? OverrideProblem(string value)
    {
        try
        {
            ConnectionLimits.Overrides(value);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private string Security(PropertiesEntry entry, ConfigDefinition setting)
    {
        if (setting.Problem(entry.Value) is { } problem) return Refuse(entry, problem);
        _broker[entry.Key] = entry.Value.Trim();
        return setting.IsSecret ? setting.Documentation : $"{setting.Documentation.TrimEnd('.')}: {entry.Value}";
    }

    private string Topic(PropertiesEntry entry, ConfigDefinition topic)
    {
        if (topic.Problem(entry.Value) is { } problem) return Refuse(entry, problem);
        _topics[topic.Name] = entry.Value.Trim();
        return topic.Apply is null && !topic.Name.StartsWith("compression.", StringComparison.Ordinal)
            ? $"shown as the default of the topic setting {topic.Name}; no effect on one node"
            : $"default of the topic setting {topic.Name}: {entry.Value}";
    }

    private string? Checked(PropertiesEntry entry, ConfigType type, int minimum) =>
        new ConfigDefinition(entry.Key, null, type, "", "") { Minimum = minimum }.Problem(entry.Value) is { } problem ? Refuse(entry, problem) : null;

    private string Refuse(PropertiesEntry entry, string problem)
    {
        Error(entry, problem);
        return "refused";
    }

    private void Error(PropertiesEntry entry, string problem) => _errors.Add($"{file}:{entry.Line}: {entry.Key}: {problem}");

    private static string Unknown(string key)
    {
        var known = BrokerSettings.All.Select(static d => d.Name).Concat(TopicConfigDefinitions.All.Select(static d => d.BrokerName).OfType<string>()).Concat(TimeSettings.Keys);
        string? close = TopicConfigDefinitions.Find(key)?.BrokerName ?? known.FirstOrDefault(k => Math.Abs(k.Length - key.Length) <= 2 && k.Zip(key).Count(static p => p.First != p.Second) <= 2);
        return close is null ? "no Kafka broker has such a setting" : $"no Kafka broker has such a setting; did you mean {close}?";
    }

    private void Times()
    {
        foreach (var (topicName, milliseconds) in TimeSettings.Resolve(_entries)) _topics.TryAdd(topicName, milliseconds);
    }

    private void Contradictions()
    {
        Same("log.dir", "log.dirs");
        Same("node.id", "broker.id");
        if (ListenerSettings.Contradiction(_entries) is var (key, contradiction)) Error(_entries[key], contradiction);
        foreach (var (securityKey, problem) in SecurityRules.Problems(_broker)) Error(_entries.GetValueOrDefault(securityKey, new PropertiesEntry(_entries.GetValueOrDefault(ListenerDefinitions.Listeners).Line, securityKey, "")), problem);
        if (Number("min.insync.replicas") is { } insync && insync > (Number("default.replication.factor") ?? insync))
            Error(_entries["min.insync.replicas"], $"is larger than default.replication.factor ({_entries["default.replication.factor"].Value}): no topic could be written");
        if (Number("group.min.session.timeout.ms") is { } low && Number("group.max.session.timeout.ms") is { } high && low > high)
            Error(_entries["group.min.session.timeout.ms"], $"is larger than group.max.session.timeout.ms ({high})");
    }

    private long? Number(string key) =>
        _entries.TryGetValue(key, out var entry) && long.TryParse(entry.Value, CultureInfo.InvariantCulture, out long value) ? value : null;

    private void Same(string first, string second)
    {
        if (_entries.TryGetValue(first, out var a) && _entries.TryGetValue(second, out var b) && a.Value != b.Value)
            Error(b, $"is '{b.Value}', and {first} on line {a.Line} is '{a.Value}': both mean the same");
    }

    private BrokerOptions Apply(BrokerOptions options)
    {
        var settings = new Dictionary<string, string>(options.Settings, StringComparer.Ordinal);
        foreach (var (key, value) in _broker) settings[key] = value;
        var topics = new Dictionary<string, string>(options.TopicDefaults, StringComparer.Ordinal);
        foreach (var (key, value) in _topics) topics[key] = value;
        var merged = options with { Settings = settings, TopicDefaults = topics };
        var first = ListenerDefinitions.Parse(settings) is [var one, ..] ? one : null;
        return merged with
        {
            Listen = first?.Address ?? options.Listen,
            Advertised = first?.Advertised ?? options.Advertised,
            DataDirectory = _broker.GetValueOrDefault("log.dirs") ?? options.DataDirectory,
            NodeId = (int)merged.Number("node.id", options.NodeId),
            AutoCreateTopics = Flag("auto.create.topics.enable", options.AutoCreateTopics),
            DeleteTopics = Flag("delete.topic.enable", options.DeleteTopics),
            DefaultPartitions = (int)merged.Number("num.partitions", options.DefaultPartitions),
            MaxRequestBytes = (int)merged.Number("socket.request.max.bytes", options.MaxRequestBytes),
            MaxFetchBytes = (int)merged.Number("fetch.max.bytes", options.MaxFetchBytes),
            MaxConnectionIdle = TimeSpan.FromMilliseconds(merged.Number("connections.max.idle.ms", (long)options.MaxConnectionIdle.TotalMilliseconds)),
        };
    }

    private bool Flag(string key, bool fallback) => _broker.TryGetValue(key, out string? value) ? value == "true" : fallback;
}
