using Millrace.Console.Backends.Connect;
using Millrace.Console.Backends.Kafka;
using Millrace.Console.Backends.Streams;
using Millrace.Console.Rules;
using Millrace.Console.Sampling;

namespace Millrace.Console.Pipeline;

/// <summary>
/// Draws the pipeline from what runs: connectors say which database and topics they join, jobs name their topics in their vertices, groups say who reads
/// what. Nothing is configured for the drawing.
/// </summary>
internal sealed class PipelineBuilder
{
    private readonly LiveState _state;
    private readonly DateTimeOffset _now;
    private readonly KafkaSnapshot _kafka;
    private readonly Dictionary<string, PipelineNode> _nodes = new(StringComparer.Ordinal);
    private readonly List<PipelineEdge> _edges = [];
    private readonly HashSet<string> _groupsShown = new(StringComparer.Ordinal);

    private PipelineBuilder(LiveState state, DateTimeOffset now)
    {
        _state = state;
        _now = now;
        _kafka = state.Kafka.Value ?? new KafkaSnapshot([], [], []);
    }

    public static PipelineGraph Build(LiveState state, DateTimeOffset now)
    {
        var builder = new PipelineBuilder(state, now);
        foreach (var connector in state.Connectors.Value ?? []) builder.Add(connector);
        foreach (var job in (state.Jobs.Value ?? []).Where(static job => !job.IsOver)) builder.Add(job);
        builder.AddOtherGroups();
        return PipelineLayout.Arrange([.. builder._nodes.Values], builder._edges);
    }

    private void Add(Connector connector)
    {
        var id = "connector/" + connector.Name;
        var (health, text) = connector.WorstState switch
        {
            "RUNNING" => (Health.Good, "running"),
            "FAILED" => (Health.Bad, "failed"),
            "PAUSED" or "STOPPED" or "UNASSIGNED" => (Health.Idle, connector.WorstState.ToLowerInvariant()),
            var other => (Health.Warning, other.ToLowerInvariant()),
        };
        var topics = ConnectorEndpoints.TopicsOf(connector, _kafka);
        foreach (var topic in topics) AddTopic(topic);
        var rates = topics.Select(topic => _state.Metrics.Latest(MetricNames.TopicRate(topic))).Where(static rate => rate is not null).ToArray();
        var rate = connector.Rate ?? (rates.Length == 0 ? null : rates.Sum());
        var facts = new List<string>();
        // What does not run passes nothing on, however busy its topics are.
        if (health != Health.Good) rate = null;
        if (_state.Connectors.Problem is not null) (health, text) = (Health.Warning, "worker away");
        if (connector.IsSource)
        {
            var database = ConnectorEndpoints.SourceOf(connector);
            Add(new PipelineNode("source/" + database.Name, NodeKind.Source, database.Name, health == Health.Good ? Health.Good : Health.Idle, database.Kind, rate, [database.Kind], null));
            _edges.Add(new("source/" + database.Name, id, rate));
            _edges.AddRange(topics.Select(topic => new PipelineEdge(id, "topic/" + topic, rate is null ? null : _state.Metrics.Latest(MetricNames.TopicRate(topic)))));
        }
        else
        {
            var group = _kafka.Groups.FirstOrDefault(group => group.Id == connector.ConsumerGroup);
            if (group is not null) facts.Add(Lag(group));
            _groupsShown.Add(connector.ConsumerGroup);
            _edges.AddRange(topics.Select(topic => new PipelineEdge("topic/" + topic, id, rate is null ? null : _state.Metrics.Latest(MetricNames.TopicRate(topic)))));
            AddStores(connector, id, health, rate);
        }

        facts.Insert(0, text);
        Add(new PipelineNode(id, NodeKind.Connector, connector.Name, health, text, rate, facts, $"connectors/{Uri.EscapeDataString(connector.Name)}"));
    }

    private void AddStores(Connector connector, string id, Health health, double? rate)
    {
        var store = ConnectorEndpoints.StoreOf(connector);
        var tables = (_state.Tables.Value ?? []).Where(table => ConnectorEndpoints.Feeds(connector, table)).ToArray();
        if (tables.Length == 0)
        {
            Add(new PipelineNode("store/" + store.Name, NodeKind.Store, store.Name, health == Health.Good ? Health.Good : Health.Idle, store.Kind, rate, [store.Kind], "analytics"));
            _edges.Add(new(id, "store/" + store.Name, rate));
            return;
        }

        foreach (var table in tables)
        {
            // Engines that merge rows of one key do not grow with what comes in: what the sink writes is all that can be told of them.
            var merges = table.Engine.StartsWith("Replicated", StringComparison.Ordinal) ? table.Engine["Replicated".Length..] != "MergeTree" : table.Engine.EndsWith("MergeTree", StringComparison.Ordinal) && table.Engine != "MergeTree";
            var tableRate = merges ? (tables.Length == 1 ? rate : null) : _state.Metrics.Latest(MetricNames.TableRate(table.FullName));
            Add(new PipelineNode("store/" + table.FullName, NodeKind.Store, table.FullName, _state.Tables.Problem is null ? Health.Good : Health.Bad,
                _state.Tables.Problem is null ? "answers" : "away", tableRate, merges ? [$"{Wording.Count(table.Rows)} rows", "merged by key"] : [$"{Wording.Count(table.Rows)} rows"], $"analytics?table={Uri.EscapeDataString(table.FullName)}"));
            _edges.Add(new(id, "store/" + table.FullName, tableRate));
        }
    }

    private void Add(Job job)
    {
        var id = "job/" + job.Id;
        var (inputs, outputs) = JobTopics.Of(job, _kafka);
        foreach (var topic in inputs.Concat(outputs)) AddTopic(topic);
        double? rate = null;
        foreach (var source in job.Vertices.Where(static vertex => vertex.Inputs.Count == 0))
        {
            var vertexRate = _state.Metrics.Latest(MetricNames.VertexReadRate(job.Id, source.Id)) is > 0 and var read ? read : _state.Metrics.Latest(MetricNames.VertexWriteRate(job.Id, source.Id));
            if (vertexRate is not null) rate = (rate ?? 0) + vertexRate;
        }

        var facts = new List<string> { job.State.ToLowerInvariant() };
        if (JobTopics.GroupOf(job, inputs, _kafka) is { } group)
        {
            _groupsShown.Add(group.Id);
            facts.Add(Lag(group));
        }

        if (job.Watermark is { } watermark) facts.Add($"watermark −{Wording.Duration(_now - watermark)}");
        var findings = _state.Findings.Where(finding => finding.Subject == job.Name).ToArray();
        var health = job.State != "RUNNING" ? Health.Bad
            : findings.Any(static finding => finding.Severity == Severity.Critical) ? Health.Bad
            : findings.Length > 0 || _state.Jobs.Problem is not null ? Health.Warning : Health.Good;
        Add(new PipelineNode(id, NodeKind.Job, job.Name, health, job.State.ToLowerInvariant(), rate, facts, "jobs/" + job.Id));
        _edges.AddRange(inputs.Select(topic => new PipelineEdge("topic/" + topic, id, _state.Metrics.Latest(MetricNames.TopicRate(topic)))));
        _edges.AddRange(outputs.Select(topic => new PipelineEdge(id, "topic/" + topic, _state.Metrics.Latest(MetricNames.TopicRate(topic)))));
    }

    // Whoever else reads a topic of the pipeline belongs in the picture; console tools that come and go do not.
    private void AddOtherGroups()
    {
        foreach (var group in _kafka.Groups.Where(group => !_groupsShown.Contains(group.Id) && group.Offsets.Count > 0))
        {
            var topics = group.Topics.Where(topic => !topic.StartsWith("__", StringComparison.Ordinal)).ToArray();
            if (topics.Length == 0 || (group.Members.Count == 0 && group.Lag == 0)) continue;
            foreach (var topic in topics) AddTopic(topic);
            var late = _state.Findings.Any(finding => finding.Subject == group.Id && finding.Severity >= Severity.Warning);
            Add(new PipelineNode("group/" + group.Id, NodeKind.Consumer, group.Id, late ? Health.Warning : group.Members.Count > 0 ? Health.Good : Health.Idle,
                group.State.ToLowerInvariant(), null, [group.State.ToLowerInvariant(), Lag(group)], $"groups/{Uri.EscapeDataString(group.Id)}"));
            _edges.AddRange(topics.Select(topic => new PipelineEdge("topic/" + topic, "group/" + group.Id, _state.Metrics.Latest(MetricNames.TopicRate(topic)))));
        }
    }

    private void AddTopic(string name)
    {
        if (_nodes.ContainsKey("topic/" + name)) return;
        var topic = _kafka.Topic(name);
        var offline = topic?.Partitions.Any(static partition => partition.Leader < 0) == true;
        var health = _state.Kafka.Problem is not null || offline ? Health.Bad : topic is null ? Health.Idle : Health.Good;
        var text = health switch { Health.Good => "online", Health.Idle => "not created yet", _ => offline ? "no leader" : "broker away" };
        Add(new PipelineNode("topic/" + name, NodeKind.Topic, name, health, text, _state.Metrics.Latest(MetricNames.TopicRate(name)),
            topic is null ? [text] : topic.Bytes is { } bytes ? [$"{Wording.Count(topic.Offsets)} offsets", Wording.Bytes(bytes)] : [$"{Wording.Count(topic.Offsets)} offsets"], topic is null ? null : $"topics/{Uri.EscapeDataString(name)}"));
    }

    private void Add(PipelineNode node) => _nodes[node.Id] = node;

    private static string Lag(GroupInfo group) =>
        group.Lag == 0 ? "no lag" : $"lag {Wording.Count(group.Lag)} · {(group.LagTime.AtLeast ? ">" : "")}{Wording.Duration(group.LagTime.Time)}";
}
