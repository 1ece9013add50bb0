using Microsoft.Extensions.Logging;
using Millrace.Streams.Checkpoints;
using Millrace.Streams.Connectors;
using Millrace.Streams.Graph;

namespace Millrace.Streams.Runtime;

/// <summary>A task of a job failed.</summary>
internal sealed class TaskFailedException(string task, Exception cause) : Exception(cause.Message, cause)
{
    public string Task => task;
}

/// <summary>One run of a job, from a checkpoint (or from nothing) to its end or first failure.</summary>
internal sealed class JobRun : ISubtaskListener, IAsyncDisposable
{
    private readonly JobGraph _graph;
    private readonly StreamExecutionOptions _options;
    private readonly ILogger _logger;
    private readonly ICommitPoint? _commitPoint;
    private readonly CheckpointCatalog? _catalog;
    private readonly CheckpointCoordinator _coordinator;
    private readonly List<Discovery> _discoveries;

    private JobRun(
        JobGraph graph, StreamExecutionOptions options, int attempt, ILogger logger, ICommitPoint? commitPoint, CheckpointCatalog? catalog,
        CheckpointTracker tracker, CheckpointRestore? restore, CheckpointManifest? restored, List<Discovery> discoveries)
    {
        _graph = graph;
        _options = options;
        _logger = logger;
        _commitPoint = commitPoint;
        _catalog = catalog;
        _discoveries = discoveries;
        var initial = discoveries.ToDictionary(static one => one.Source.Uid, static one => one.Initial, StringComparer.Ordinal);
        Subtasks = new SubtaskAssembler(graph, options, attempt, commitPoint, this).Assemble((node, subtask, parallelism) =>
        {
            IReadOnlyList<SplitSnapshot> splits = initial.TryGetValue(node.Uid, out var all) ? all[subtask] : [];
            return restore is null ? OperatorRestore.Nothing with { Splits = splits } : restore.ForSubtask(restored, node, subtask, parallelism, splits);
        });
        _coordinator = new CheckpointCoordinator(graph, Subtasks, catalog, commitPoint, tracker, options.TimeProvider, logger);
    }

    public IReadOnlyList<Subtask> Subtasks { get; }

    /// <summary>Asks the commit point where to begin, restores, finds the splits, and puts the subtasks together.</summary>
    public static async Task<JobRun> PrepareAsync(
        JobGraph graph, StreamExecutionOptions options, CheckpointStore? store, CheckpointTracker tracker, int attempt, string jobId,
        CancellationToken cancellationToken)
    {
        var logger = options.LoggerFactory.CreateLogger("Millrace.Streams.Job");
        ICommitPoint? commitPoint = null;
        var discoveries = new List<Discovery>();
        try
        {
            CommittedCheckpoint? committed = null;
            if (graph.CommitPoint is { } factory)
            {
                var sources = graph.Sources.ToDictionary(static one => one.Uid, static one => one.Source, StringComparer.Ordinal);
                commitPoint = factory.Create(new CommitPointContext(
                    graph.JobName, graph.Checkpointing.Interval!.Value, graph.Checkpointing.CheckpointTimeout, sources, options.TimeProvider,
                    options.LoggerFactory));
                committed = await commitPoint.InitializeAsync(cancellationToken);
            }

            CheckpointCatalog? catalog = null;
            CheckpointRestore? restore = null;
            CheckpointManifest? restored = null;
            var hasKeyedState = graph.HasKeyedState;
            if (store is null && hasKeyedState && attempt == 0)
            {
                StreamsLog.StateWithoutCheckpoints(logger, graph.JobName);
            }

            if (store is not null)
            {
                restore = new CheckpointRestore(graph, store, logger);
                (restored, var previous, var lastId) = restore.Find(committed);
                if (restored is not null && restored.MaxParallelism != graph.MaxParallelism)
                {
                    graph = graph with { MaxParallelism = restored.MaxParallelism };
                    restore = new CheckpointRestore(graph, store, logger);
                }

                catalog = new CheckpointCatalog(graph, store, options.TimeProvider);
                catalog.StartFrom(restored, previous, ParallelismByUid(graph), lastId);
                tracker.RestoredId = restored?.CheckpointId ?? tracker.RestoredId;
            }

            foreach (var source in graph.Sources)
            {
                var vertex = graph.Vertices.First(one => ReferenceEquals(one.Head, source));
                var discovery = new Discovery(source, source.CreateEnumerator(new SourceContext(
                    graph.JobName, source.Uid, options.TimeProvider, options.LoggerFactory)
                {
                    HasKeyedState = hasKeyedState,
                    AllowStartWithoutCheckpoint = graph.Checkpointing.AllowStartWithoutCheckpoint,
                }), vertex.Parallelism);
                discoveries.Add(discovery);
                var stored = restored?.Operators.FirstOrDefault(one => string.Equals(one.Uid, source.Uid, StringComparison.Ordinal));
                await discovery.StartAsync(stored?.Subtasks.SelectMany(static one => one.Splits) ?? [], restored is null, cancellationToken);
            }

            var run = new JobRun(graph, options, attempt, logger, commitPoint, catalog, tracker, restore, restored, discoveries);
            StreamsLog.JobStarted(logger, graph.JobName, jobId, attempt, run.Subtasks.Count, restored?.CheckpointId);
            return run;
        }
        catch
        {
            await DisposeAsync(commitPoint, discoveries, logger, graph.JobName);
            throw;
        }
    }

    public void RequestStop() => _coordinator.RequestStop();

    public Task<long> RequestCheckpoint() => _coordinator.RequestCheckpoint();

    public async Task<RunOutcome> RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tasks = Subtasks.Select(subtask => RunSubtaskAsync(subtask, stop.Token)).ToList();
        var coordination = Task.Run(() => _coordinator.RunAsync(stop.Token), CancellationToken.None);
        var discovery = Task.WhenAll(_discoveries.Select(one => one.RepeatAsync(_graph.JobName, Subtasks, _options.TimeProvider, _logger, stop.Token)));
        var watched = new List<Task>(tasks) { coordination };
        try
        {
            while (true)
            {
                var ended = await Task.WhenAny(watched);
                await ended;
                if (ended == coordination)
                {
                    return await coordination;
                }

                // A subtask ends by itself only when it is cancelled.
                watched.Remove(ended);
            }
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var task in tasks.Append(coordination).Append(discovery))
            {
                await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    void ISubtaskListener.OnSnapshot(Subtask subtask, long checkpointId, IReadOnlyList<OperatorSnapshot> snapshots) =>
        _coordinator.OnSnapshot(subtask, checkpointId, snapshots);

    void ISubtaskListener.OnEndOfInput(Subtask subtask) => _coordinator.OnEndOfInput(subtask);

    public async ValueTask DisposeAsync()
    {
        if (_catalog is not null)
        {
            await _catalog.CloseAsync();
        }

        await DisposeAsync(_commitPoint, _discoveries, _logger, _graph.JobName);
    }

    private static async ValueTask DisposeAsync(ICommitPoint? commitPoint, List<Discovery> discoveries, ILogger logger, string job)
    {
        try
        {
            foreach (var discovery in discoveries)
            {
                await discovery.DisposeAsync();
            }

            if (commitPoint is not null)
            {
                await commitPoint.DisposeAsync();
            }
        }
        catch (Exception exception)
        {
            StreamsLog.CloseFailed(logger, exception, job);
        }
    }

    private static async Task RunSubtaskAsync(Subtask subtask, CancellationToken cancellationToken)
    {
        try
        {
            await subtask.RunAsync(cancellationToken);
        }
        catch (CheckpointException)
        {
            throw;
        }
        catch (Exception exception)
        {
            throw new TaskFailedException(subtask.Description, exception);
        }
    }

    private static Dictionary<string, int> ParallelismByUid(JobGraph graph) => graph.Vertices
        .SelectMany(static vertex => vertex.Operators.Select(node => (node.Uid, vertex.Parallelism)))
        .ToDictionary(static entry => entry.Uid, static entry => entry.Parallelism, StringComparer.Ordinal);
}
