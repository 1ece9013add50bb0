using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Console.Backends;
using Millrace.Console.Backends.ClickHouse;
using Millrace.Console.Backends.Connect;
using Millrace.Console.Backends.Kafka;
using Millrace.Console.Backends.Streams;
using Millrace.Console.Hosting;
using Millrace.Console.Rules;
using Millrace.Operations.Topics;

namespace Millrace.Console.Sampling;

/// <summary>Asks each system again and again, each in its own loop so that a slow one delays no other, and keeps what they answer.</summary>
internal sealed class Sampler(
    ConsoleOptions options,
    LiveState state,
    IKafkaView kafka,
    Lazy<ConnectClient?> connect,
    Lazy<FlinkClient?> flink,
    Lazy<ClickHouseClient?> clickHouse,
    FindingHistory history,
    TimeProvider time,
    ILogger<Sampler> logger) : BackgroundService
{
    private const long MostMarkers = 20;
    private static readonly TimeSpan StandsStill = TimeSpan.FromSeconds(4);
    private readonly OffsetTimeline _timeline = new();
    private readonly RecordShare _shares = new();
    private volatile SizesOnDisk _sizes = SizesOnDisk.Unknown;
    private readonly Dictionary<(string Group, string Topic, int Partition), (long Committed, long End, bool Only)> _markers = [];

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var loops = new List<Task> { LoopAsync("Kafka", 1, () => state.Kafka, SampleKafkaAsync, value => state.Kafka = value, stoppingToken) };
        if (connect.Value is { } workers)
            loops.Add(LoopAsync("Kafka Connect", 2, () => state.Connectors, workers.ListAsync, value => state.Connectors = value, stoppingToken));
        if (flink.Value is { } jobs)
            loops.Add(LoopAsync("Stream processing", 2, () => state.Jobs, token => SampleJobsAsync(jobs, token), value => state.Jobs = value, stoppingToken));
        if (clickHouse.Value is { } tables)
            loops.Add(LoopAsync("ClickHouse", 2, () => state.Tables, token => SampleTablesAsync(tables, token), value => state.Tables = value, stoppingToken));
        loops.Add(DetailsLoopAsync(stoppingToken));
        loops.Add(RulesLoopAsync(stoppingToken));
        return Task.WhenAll(loops);
    }

    private async Task LoopAsync<T>(
        string source, int everyIntervals, Func<SourceState<T>> current, Func<CancellationToken, Task<T>> sample, Action<SourceState<T>> publish, CancellationToken stoppingToken)
        where T : class
    {
        // Not in the caller's thread: the host must not wait for the first answers.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            var before = current();
            try
            {
                var value = await sample(stoppingToken);
                publish(new SourceState<T>(true, value, null, time.GetUtcNow()));
                if (before.Problem is not null) ConsoleLog.SourceRecovered(logger, source);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                var problem = e switch
                {
                    BackendException known => known.Problem,
                    RefusedException refused => refused.Problem,
                    _ => new BackendProblem(source, "", $"failed: {e.Message}", "See the console's log."),
                };
                if (e is not (BackendException or RefusedException)) ConsoleLog.SamplingFailed(logger, e, source);
                else if (before.Problem is null) ConsoleLog.SourceFailed(logger, source, $"{problem.Address} {problem.What}");
                publish(before with { Problem = problem });
            }

            state.NotifyChanged();
            try
            {
                await Task.Delay(options.SampleInterval * everyIntervals, time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<KafkaSnapshot> SampleKafkaAsync(CancellationToken cancellationToken)
    {
        var snapshot = await kafka.SnapshotAsync(cancellationToken);
        var now = time.GetUtcNow();
        foreach (var topic in snapshot.Topics)
        {
            _timeline.Observe(now, topic);
            state.Metrics.RecordCounter(MetricNames.TopicEnd(topic.Name), MetricNames.TopicRate(topic.Name), now, topic.End, _shares.Of(topic.Name));
        }

        var sizes = _sizes;
        snapshot = snapshot with { Topics = [.. snapshot.Topics.Select(topic => topic with { Bytes = sizes.OfTopic(topic.Name) })] };

        GroupInfo[] groups = [.. snapshot.Groups.Select(group => group with
        {
            Offsets = [.. group.Offsets.Select(offset => offset with { LagTime = _timeline.LagOf(now, offset.Topic, offset.Partition, offset.Committed) })],
        })];
        for (var i = 0; i < groups.Length; i++) groups[i] = await WithoutMarkersAsync(groups[i], cancellationToken);
        foreach (var group in groups.Where(static group => group.Offsets.Count > 0))
        {
            state.Metrics.Record(MetricNames.GroupLag(group.Id), now, group.Lag);
            state.Metrics.Record(MetricNames.GroupLagSeconds(group.Id), now, group.LagTime.Time.TotalSeconds);
            foreach (var offset in group.Offsets) state.Metrics.Record(MetricNames.PartitionLag(group.Id, offset.Topic, offset.Partition), now, offset.Lag);
        }

        return snapshot with { Groups = groups };
    }

    // A transaction ends with a mark that takes an offset but is no record: a group that has read everything stands just before it. Where a group seems to
    // stand still near the end, a look tells whether there is a record at all; the answer holds until one of the offsets moves.
    private async Task<GroupInfo> WithoutMarkersAsync(GroupInfo group, CancellationToken cancellationToken)
    {
        GroupOffset[] offsets = [.. group.Offsets];
        for (var i = 0; i < offsets.Length; i++)
        {
            var offset = offsets[i];
            if (offset.Lag is 0 or > MostMarkers || offset.LagTime.Time < StandsStill) continue;
            var place = (group.Id, offset.Topic, offset.Partition);
            if (!_markers.TryGetValue(place, out var known) || known.Committed != offset.Committed || known.End != offset.End)
            {
                var found = await kafka.BrowseAsync(new BrowseQuery(offset.Topic, offset.Partition, BrowseFrom.Offset, offset.Committed, default, null, null, 1), cancellationToken);
                _markers[place] = known = (offset.Committed, offset.End, found.Complete && found.Records.Count == 0);
            }

            if (known.Only) offsets[i] = offset with { OnlyMarkers = true, LagTime = LagTime.Zero };
        }

        return group with { Offsets = offsets };
    }

    private async Task<IReadOnlyList<Job>> SampleJobsAsync(FlinkClient client, CancellationToken cancellationToken)
    {
        var jobs = await client.ListAsync(cancellationToken);
        var now = time.GetUtcNow();
        foreach (var job in jobs.Where(static job => !job.IsOver))
        {
            if (job.Watermark is { } watermark) state.Metrics.Record(MetricNames.JobWatermarkDelay(job.Id), now, (now - watermark).TotalSeconds);
            foreach (var vertex in job.Vertices)
            {
                state.Metrics.RecordCounter(MetricNames.VertexRead(job.Id, vertex.Id), MetricNames.VertexReadRate(job.Id, vertex.Id), now, vertex.ReadRecords);
                state.Metrics.RecordCounter(MetricNames.VertexWrite(job.Id, vertex.Id), MetricNames.VertexWriteRate(job.Id, vertex.Id), now, vertex.WriteRecords);
                state.Metrics.Record(MetricNames.VertexPressure(job.Id, vertex.Id), now, vertex.BackPressure.Ratio);
            }
        }

        return jobs;
    }

    private async Task<IReadOnlyList<StoredTable>> SampleTablesAsync(ClickHouseClient client, CancellationToken cancellationToken)
    {
        var tables = await client.TablesAsync(cancellationToken);
        var now = time.GetUtcNow();
        foreach (var table in tables)
            state.Metrics.RecordCounter(MetricNames.TableRows(table.FullName), MetricNames.TableRate(table.FullName), now, table.Rows);
        return tables;
    }

    // What costs more than a look at offsets is asked less often, and nothing waits for it.
    private async Task DetailsLoopAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            var everyIntervals = 5;
            try
            {
                if (state.Kafka is { Problem: null, Value: { } seen })
                {
                    _shares.Forget(seen.Topics);
                    foreach (var (range, records) in await kafka.CountAsync(_shares.Next(seen.Topics), stoppingToken)) _shares.Add(range, records);
                    _sizes = await kafka.SizesAsync(stoppingToken);
                }
                else
                {
                    everyIntervals = 1;
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (BackendException)
            {
                // The loop that looks at offsets says that Kafka is away.
            }
            catch (Exception e)
            {
                ConsoleLog.SamplingFailed(logger, e, "records and sizes");
            }

            try
            {
                await Task.Delay(options.SampleInterval * everyIntervals, time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task RulesLoopAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            using var timer = new PeriodicTimer(options.SampleInterval, time);
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var now = time.GetUtcNow();
                state.Findings = Diagnosis.Findings(state, options, now);
                history.Observe(state.Findings, now);
                state.Metrics.Prune(now - (options.SampleInterval * options.SamplesKept));
                state.NotifyChanged();
            }
        }
        catch (OperationCanceledException)
        {
            // The console stops.
        }
    }
}
