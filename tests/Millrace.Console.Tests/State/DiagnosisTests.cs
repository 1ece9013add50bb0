using Millrace.Console.Backends.Connect;
using Millrace.Console.Backends.Kafka;
using Millrace.Console.Backends.Streams;
using Millrace.Console.Pipeline;
using Millrace.Console.Rules;
using Millrace.Console.Sampling;

namespace Millrace.Console.Tests.State;

public sealed class DiagnosisTests
{
    [Fact]
    public void A_healthy_platform_has_no_findings() => Assert.Empty(Find(World.Healthy()));

    [Fact]
    public void A_broker_that_is_away_is_named_with_its_address_and_what_to_do()
    {
        var state = World.Healthy();
        state.Kafka = state.Kafka with { Problem = World.Refused };

        var finding = Assert.Single(Find(state));

        Assert.Equal(Severity.Critical, finding.Severity);
        Assert.Contains("127.0.0.1:9092", finding.Detail, StringComparison.Ordinal);
        Assert.Equal("Start a broker there.", finding.Advice);
    }

    [Fact]
    public void A_group_that_is_late_is_told_apart_from_one_that_nobody_reads()
    {
        var state = World.Healthy();
        var late = new LagTime(TimeSpan.FromMinutes(3), true);
        state.Kafka = World.Of(state.Kafka.Value! with { Groups = [World.Group("slow", "cdc.accounts", 5, late), World.Group("gone", "cdc.accounts", 5, late, members: false)] });

        Assert.Equal(["group.empty/gone", "group.lag/slow"], Find(state).Select(static finding => finding.Key));
    }

    [Fact]
    public void A_group_whose_lag_grows_all_along_is_told_before_the_limit_and_one_that_catches_up_is_not()
    {
        var state = World.Healthy();
        var late = new LagTime(TimeSpan.FromSeconds(14), false);
        state.Kafka = World.Of(state.Kafka.Value! with { Groups = [World.Group("losing", "cdc.accounts", 5, late), World.Group("catching-up", "cdc.accounts", 5, late)] });
        for (var second = 0; second <= 9; second++)
        {
            state.Metrics.Record(MetricNames.GroupLagSeconds("losing"), World.Now.AddSeconds(second), 5 + second);
            state.Metrics.Record(MetricNames.GroupLagSeconds("catching-up"), World.Now.AddSeconds(second), 23 - second);
        }

        var finding = Assert.Single(Find(state));

        Assert.Equal(("group.growing/losing", Severity.Warning), (finding.Key, finding.Severity));
        Assert.Contains("losing falls behind", finding.Title, StringComparison.Ordinal);
        Assert.Contains("grew by 8.0 s", finding.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_job_reads_its_group_without_being_a_member_of_it()
    {
        var state = World.Healthy();
        var late = new LagTime(TimeSpan.FromMinutes(3), false);
        state.Kafka = World.Of(state.Kafka.Value! with { Groups = [World.Group("fraud-rules", "cdc.transactions", 5, late, members: false)] });

        Assert.Equal(["group.lag/fraud-rules"], Find(state).Select(static finding => finding.Key));

        state.Jobs = World.Of<IReadOnlyList<Job>>([]);
        Assert.Equal(["group.empty/fraud-rules"], Find(state).Select(static finding => finding.Key));
    }

    [Theory]
    [InlineData("connect", "Kafka Connect")]
    [InlineData("streams", "Stream processing")]
    [InlineData("clickhouse", "ClickHouse")]
    public void A_system_that_stopped_is_critical_and_what_was_known_of_it_is_not_judged(string id, string name)
    {
        var state = World.Healthy();
        var gone = World.Refused with { System = name };
        switch (id)
        {
            case "connect": state.Connectors = new(true, [World.Connector("a", "sink", "FAILED", [])], gone, World.Now); break;
            case "streams": state.Jobs = new(true, [World.Job("j", "FAILED")], gone, World.Now); break;
            default: state.Tables = state.Tables with { Problem = gone }; break;
        }

        var finding = Assert.Single(Find(state));

        Assert.Equal(($"{id}.unreachable", Severity.Critical, $"{name} does not answer"), (finding.Key, finding.Severity, finding.Title));
    }

    [Fact]
    public void A_failed_job_says_why()
    {
        var state = World.Healthy();
        state.Jobs = World.Of<IReadOnlyList<Job>>([World.Job("fraud-rules", "FAILED") with { Failure = "java.lang.IllegalStateException: no state\n\tat a" }]);

        var finding = Assert.Single(Find(state));

        Assert.Equal(("job.state/fraud-rules", Severity.Critical, "java.lang.IllegalStateException: no state"), (finding.Key, finding.Severity, finding.Detail));
    }

    [Fact]
    public void A_failed_task_says_why_and_a_paused_connector_what_waits()
    {
        var state = World.Healthy();
        state.Connectors = World.Of<IReadOnlyList<Connector>>([World.Connector("a", "sink", "FAILED", []), World.Connector("b", "source", "PAUSED", [])]);

        var findings = Find(state);

        Assert.Contains(findings, static finding => finding.Key == "connector.task/a/0" && finding.Detail == "boom: it broke");
        Assert.Contains(findings, static finding => finding is { Key: "connector.paused/b", Severity: Severity.Notice } && finding.Detail.Contains("replication slot", StringComparison.Ordinal));
    }

    [Fact]
    public void A_job_whose_last_checkpoint_failed_is_critical_and_an_overdue_one_a_warning()
    {
        var state = World.Healthy();
        state.Jobs = World.Of<IReadOnlyList<Job>>(
        [
            World.Job("fails", "RUNNING", new Checkpoint(8, "FAILED", World.Now, TimeSpan.Zero, 0, false, "disk full")),
            World.Job("stuck", "RUNNING", new Checkpoint(8, "COMPLETED", World.Now.AddMinutes(-2), TimeSpan.Zero, 0, false, null)),
        ]);

        Assert.Equal([("job.checkpoint/fails", Severity.Critical), ("job.checkpoint/stuck", Severity.Warning)], Find(state).Select(static finding => (finding.Key, finding.Severity)));
    }

    [Fact]
    public void Only_the_latest_run_of_a_job_counts()
    {
        var state = World.Healthy();
        state.Jobs = World.Of<IReadOnlyList<Job>>([World.Job("j", "RUNNING"), World.Job("j", "FAILED") with { Started = World.Now.AddHours(-1) }]);

        Assert.Empty(Find(state));
    }

    [Fact]
    public void The_pipeline_is_drawn_from_what_runs()
    {
        var graph = PipelineBuilder.Build(World.Healthy(), World.Now);

        Assert.Equal(
            ["source/bank>connector/postgres-connector", "connector/postgres-connector>topic/cdc.accounts", "connector/postgres-connector>topic/cdc.transactions",
             "topic/payments.account-activity.per-minute.v1>connector/clickhouse-sink", "connector/clickhouse-sink>store/account_activity",
             "topic/cdc.transactions>job/id-fraud-rules", "job/id-fraud-rules>topic/fraud.alerts.detected.v1", "topic/cdc.accounts>group/reporting"],
            graph.Edges.Select(static edge => $"{edge.From}>{edge.To}"));
        var column = graph.Nodes.ToDictionary(static node => node.Id, static node => node.Column);
        Assert.All(graph.Edges, edge => Assert.True(column[edge.From] < column[edge.To]));
        Assert.Contains("watermark −5.0 s", graph.Nodes.Single(static node => node.Kind == NodeKind.Job).Facts);
    }

    [Fact]
    public void A_jobs_topics_are_found_in_plain_operator_names_and_through_the_group_named_as_the_job()
    {
        var kafka = World.Healthy().Kafka.Value!;
        var job = World.Job("fraud-rules", "RUNNING");
        job = job with { Vertices = [job.Vertices[0] with { Name = "Transactions -> Map" }, job.Vertices[1], job.Vertices[2] with { Name = "Enrich -> fraud.alerts.detected.v1" }] };

        var (inputs, outputs) = JobTopics.Of(job, kafka);

        Assert.Equal(["cdc.transactions"], inputs);
        Assert.Equal(["fraud.alerts.detected.v1"], outputs);
        Assert.Equal("fraud-rules", JobTopics.GroupOf(job, inputs, kafka)!.Id);
    }

    [Fact]
    public void A_job_that_feeds_its_own_input_ends_the_layout_all_the_same()
    {
        PipelineNode[] nodes = [.. "abc".Select(static id => new PipelineNode($"{id}", NodeKind.Job, "", Health.Good, "", null, [], null))];

        var graph = PipelineLayout.Arrange(nodes, [new("a", "b", null), new("b", "c", null), new("c", "a", null), new("x", "a", null)]);

        Assert.Equal(3, graph.Nodes.Count);
        Assert.Equal(3, graph.Edges.Count);
    }

    private static IReadOnlyList<Finding> Find(LiveState state) => Diagnosis.Findings(state, new ConsoleOptions(), World.Now);
}
