using Millrace.Streams.Connectors;
using Millrace.Streams.Graph;
using Millrace.Streams.Operators;
using Millrace.Streams.Runtime;

namespace Millrace.Streams;

/// <summary>
/// Where a job is put together and started. Streams are made from sources, transformed, and end in sinks; nothing runs before <see cref="ExecuteAsync"/>.
/// A job runs in this process, on as many cores as its parallelism asks for. Not safe for use by several threads.
/// </summary>
public sealed class StreamExecutionEnvironment
{
    private readonly StreamExecutionOptions _options;
    private readonly JobGraphBuilder _graph = new();

    private StreamExecutionEnvironment(StreamExecutionOptions options) => _options = options;

    /// <summary>How many subtasks an operator has unless it says otherwise.</summary>
    /// <value>1 by default.</value>
    public int Parallelism { get; set; } = 1;

    /// <summary>The number of key groups: the most subtasks that a keyed operator can ever have. Fixed once a checkpoint exists.</summary>
    /// <value>Chosen from the parallelism of the first run when 0: the next power of two above 1.5 times it, between 128 and 32768.</value>
    public int MaxParallelism { get; set; }

    /// <summary>How often sources emit watermarks.</summary>
    /// <value>200 ms by default.</value>
    public TimeSpan AutoWatermarkInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>What happens after a failure.</summary>
    /// <value><see cref="RestartStrategy.Default"/>; without checkpointing that is a restart with empty state.</value>
    public RestartStrategy RestartStrategy { get; set; } = RestartStrategy.Default;

    /// <summary>When and where checkpoints are taken.</summary>
    public CheckpointConfig CheckpointConfig { get; } = new();

    /// <summary>The options of the host.</summary>
    public StreamExecutionOptions Options => _options;

    internal JobGraphBuilder Graph => _graph;

    /// <summary>A new environment for one job.</summary>
    /// <param name="options">Logging, clock and monitoring of the host.</param>
    public static StreamExecutionEnvironment GetExecutionEnvironment(StreamExecutionOptions? options = null) => new(options ?? new StreamExecutionOptions());

    /// <summary>Takes a checkpoint every <paramref name="interval"/>.</summary>
    public StreamExecutionEnvironment EnableCheckpointing(TimeSpan interval, CheckpointingMode mode = CheckpointingMode.ExactlyOnce)
    {
        if (interval < TimeSpan.FromMilliseconds(10))
        {
            throw new ArgumentOutOfRangeException(nameof(interval), interval, "The checkpoint interval must be at least 10 ms.");
        }

        CheckpointConfig.Interval = interval;
        CheckpointConfig.Mode = mode;
        return this;
    }

    /// <summary>A stream of a source's elements with their timestamps and watermarks.</summary>
    /// <param name="source">Where the elements come from.</param>
    /// <param name="watermarkStrategy">How timestamps and watermarks are made, per split of the source.</param>
    /// <param name="name">The name of the operator.</param>
    public SingleOutputStreamOperator<T> FromSource<T>(ISource<T> source, WatermarkStrategy<T> watermarkStrategy, string name)
    {
        var node = new SourceTransformation<T>(name, source, watermarkStrategy);
        _graph.Add(node);
        return new SingleOutputStreamOperator<T>(this, node);
    }

    /// <summary>A bounded stream of given elements, without timestamps unless a strategy assigns them.</summary>
    public SingleOutputStreamOperator<T> FromCollection<T>(IEnumerable<T> elements, WatermarkStrategy<T>? watermarkStrategy = null) =>
        FromSource(new CollectionSource<T>([.. elements]), watermarkStrategy ?? WatermarkStrategy.NoWatermarks<T>(), "Collection Source").SetParallelism(1);

    /// <summary>A bounded stream of given elements.</summary>
    public SingleOutputStreamOperator<T> FromElements<T>(params T[] elements) => FromCollection(elements);

    /// <summary>Runs the job until its bounded sources end, it is cancelled, or it fails for good.</summary>
    /// <param name="jobName">The name of the job; its checkpoints belong to this name.</param>
    /// <param name="cancellationToken">Stops the job: with checkpointing on, a last checkpoint is taken first, so that the next start repeats nothing.</param>
    /// <exception cref="JobExecutionException">The job failed and may not be restarted (again).</exception>
    /// <exception cref="CheckpointException">The checkpoint to restore does not fit this job.</exception>
    public async Task<JobExecutionResult> ExecuteAsync(string jobName, CancellationToken cancellationToken = default)
    {
        var client = await StartAsync(jobName, cancellationToken);
        await using var registration = cancellationToken.Register(static state => ((JobClient)state!).BeginStop(), client);
        return await client.Completion;
    }

    /// <summary>Starts the job and returns at once; the client watches and ends it.</summary>
    /// <param name="jobName">The name of the job; its checkpoints belong to this name.</param>
    /// <param name="cancellationToken">Ends the start, not the job.</param>
    public Task<JobClient> StartAsync(string jobName, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(jobName);
        cancellationToken.ThrowIfCancellationRequested();
        var graph = _graph.Build(this, jobName);
        var client = new JobClient(graph, _options);
        _options.Registry?.Add(client);
        client.Run();
        return Task.FromResult(client);
    }
}
