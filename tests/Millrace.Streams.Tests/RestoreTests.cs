using System.Collections.Concurrent;
using CsCheck;
using Millrace.Streams.Connectors;

namespace Millrace.Streams.Tests;

/// <summary>Golden run; then checkpoint, kill, restore at another parallelism, and compare.</summary>
public sealed class RestoreTests
{
    private const int PerSplit = 1500;

    private static readonly Lazy<List<string>> s_golden = new(() => [.. Enumerable.Range(0, 4)
        .SelectMany(split => Enumerable.Range(0, PerSplit).Select(n => Make(split, n)))
        .GroupBy(tx => (tx.AccountId, Window: tx.Timestamp / 1000))
        .Select(group => new Activity(group.Key.AccountId, (group.Key.Window + 1) * 1000, group.Count(), group.Sum(tx => tx.Amount)).ToString())
        .Order(StringComparer.Ordinal)]);

    [Fact]
    public async Task A_run_without_failures_gives_the_golden_result()
    {
        using var folder = new Folder();
        var output = new TransactionalOutput();
        await Define(folder.Path, output, 2, null).ExecuteAsync("golden").WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(s_golden.Value, output.Committed());
    }

    [Fact]
    public Task Killed_at_random_and_restored_at_another_parallelism_it_gives_the_golden_result() =>
        Gen.Select(Gen.Int[1, 4].Array[2, 5], Gen.Int[50, 1400].Array[5]).SampleAsync(
            async (widths, limits) =>
            {
                using var folder = new Folder();
                var output = new TransactionalOutput();
                foreach (var (width, limit) in widths.SkipLast(1).Zip(limits.Order()))
                {
                    // The sources stop at the limit, so the job is killed in the middle of its work, after some checkpoints.
                    var client = await Define(folder.Path, output, width, limit).StartAsync("golden");
                    await UntilAsync(() => client.GetSnapshot().Checkpoints.Completed > 0 || client.Completion.IsCompleted, client);
                    await client.CancelAsync();
                }

                await Define(folder.Path, output, widths[^1], null).ExecuteAsync("golden").WaitAsync(TimeSpan.FromSeconds(60));
                Assert.Equal(s_golden.Value, output.Committed());
            },
            iter: 12, threads: 1);

    [Fact]
    public async Task A_failing_task_restarts_the_job_from_its_last_checkpoint()
    {
        using var folder = new Folder();
        var output = new TransactionalOutput();
        var failures = 0;
        var env = Define(folder.Path, output, 2, null, onRead: (_, n) =>
        {
            if (n % 400 == 399 && Interlocked.Increment(ref failures) <= 5)
            {
                throw new InvalidOperationException("injected");
            }
        });
        env.RestartStrategy = RestartStrategy.FixedDelay(100, TimeSpan.FromMilliseconds(1));
        var result = await env.ExecuteAsync("golden").WaitAsync(TimeSpan.FromSeconds(60));
        Assert.InRange(result.Restarts, 1, 5);
        Assert.Equal(s_golden.Value, output.Committed());
    }

    [Fact]
    public async Task A_checkpoint_of_another_job_is_refused()
    {
        using var folder = new Folder();
        await Simple(folder.Path).ExecuteAsync("first");
        var failure = await Assert.ThrowsAsync<CheckpointException>(() => Simple(folder.Path).ExecuteAsync("second"));
        Assert.Contains("belongs to the job 'first', but this job is 'second'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_of_an_operator_that_is_gone_is_refused_by_name()
    {
        using var folder = new Folder();
        await Simple(folder.Path).ExecuteAsync("job");
        var failure = await Assert.ThrowsAsync<CheckpointException>(() => Simple(folder.Path, uid: "other").ExecuteAsync("job"));
        Assert.Contains("operator 'sum'", failure.Message, StringComparison.Ordinal);

        var env = Simple(folder.Path, uid: "other");
        env.CheckpointConfig.AllowNonRestoredState = true;
        await env.ExecuteAsync("job");
    }

    [Fact]
    public async Task A_state_that_changed_its_type_or_name_is_refused_by_name()
    {
        using var folder = new Folder();
        await Simple(folder.Path).ExecuteAsync("job");
        var type = await Assert.ThrowsAsync<CheckpointException>(() => Simple(folder.Path, new Remember<string>("total", n => $"{n}")).ExecuteAsync("job"));
        Assert.Contains("Operator 'sum', state 'total'", type.Message, StringComparison.Ordinal);
        var name = await Assert.ThrowsAsync<CheckpointException>(() => Simple(folder.Path, new Remember<long>("renamed", n => n)).ExecuteAsync("job"));
        Assert.Contains("state 'total' that the job no longer declares", name.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_checkpoint_is_passed_over_for_the_one_before()
    {
        using var folder = new Folder();
        await Simple(folder.Path).ExecuteAsync("job");
        var newest = Directory.GetFiles(folder.Path, "chk-*").Order(StringComparer.Ordinal).Last();
        var bytes = await File.ReadAllBytesAsync(newest);
        bytes[^30] ^= 1;
        await File.WriteAllBytesAsync(newest, bytes);
        var failure = await Record.ExceptionAsync(() => Simple(folder.Path).ExecuteAsync("job"));
        Assert.True(failure is null || failure.Message.Contains("checksum", StringComparison.Ordinal), failure?.ToString());
    }

    [Fact]
    public async Task Storage_that_is_not_supported_is_named()
    {
        var env = Simple("s3://flink-checkpoints/job-1");
        var failure = await Assert.ThrowsAsync<CheckpointException>(() => env.ExecuteAsync("job"));
        Assert.Contains("'s3'", failure.Message, StringComparison.Ordinal);
    }

    private static Tx Make(int split, int n) => new($"a{(n + (split * 3)) % 11}", n * 10L, (n * 7) % 13);

    private static StreamExecutionEnvironment Define(string folder, TransactionalOutput output, int parallelism, int? limit, Action<int, int>? onRead = null)
    {
        var env = StreamExecutionEnvironment.GetExecutionEnvironment();
        env.EnableCheckpointing(TimeSpan.FromMilliseconds(10));
        env.CheckpointConfig.CheckpointStorage = folder;
        env.Parallelism = parallelism;
        env.RestartStrategy = RestartStrategy.None;
        env.AutoWatermarkInterval = TimeSpan.FromMilliseconds(2);
        env.FromSource(new GeneratorSource<Tx>(4, PerSplit, Make, limit is null ? null : (_, n) => n < limit, onRead), Jobs.InOrder, "source").Uid("source")
            .KeyBy(tx => tx.AccountId).Window(TumblingEventTimeWindows.Of(TimeSpan.FromSeconds(1)))
            .Aggregate(new CountAndSum(), new ToActivity()).Uid("activity")
            .SinkTo(output).Uid("sink");
        return env;
    }

    private static StreamExecutionEnvironment Simple(string folder, KeyedProcessFunction<int, int, long>? function = null, string uid = "sum")
    {
        var env = StreamExecutionEnvironment.GetExecutionEnvironment();
        env.EnableCheckpointing(TimeSpan.FromSeconds(1));
        env.CheckpointConfig.CheckpointStorage = folder;
        env.RestartStrategy = RestartStrategy.None;
        env.FromCollection(Enumerable.Range(0, 100)).Uid("numbers").KeyBy(n => n % 10).Process(function ?? new Remember<long>("total", n => n)).Uid(uid).ForEach(_ => { });
        return env;
    }

    private static async Task UntilAsync(Func<bool> condition, JobClient client)
    {
        for (var tried = 0; !condition(); tried++)
        {
            Assert.True(tried < 5000, $"not seen; {client.GetSnapshot()}");
            await Task.Delay(2);
        }
    }

    private sealed class Remember<T>(string name, Func<int, T> convert) : KeyedProcessFunction<int, int, long>
    {
        private IValueState<T> _state = null!;

        public override void Open() => _state = GetState(new ValueStateDescriptor<T>(name));

        public override void ProcessElement(int value, Context ctx, ICollector<long> output) => _state.Update(convert(value));
    }

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("millrace-streams-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}

/// <summary>A system with transactions, in memory: outputs count when their checkpoint is committed, as with Kafka.</summary>
internal sealed class TransactionalOutput : ISink<Activity>, ICommitPointFactory
{
    private readonly ConcurrentQueue<string> _committed = new();
    private CommittedCheckpoint? _last;

    public ICommitPointFactory CommitPoint => this;

    public string Description => "memory";

    public List<string> Committed() => [.. _committed.Order(StringComparer.Ordinal)];

    public bool Equals(ICommitPointFactory? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => 1;

    public ICommitPoint Create(CommitPointContext context) => new Point(this, context.JobName);

    public ISinkWriter<Activity> CreateWriter(SinkContext context) => new Writer((Point)context.CommitPoint!);

    private sealed class Point(TransactionalOutput owner, string job) : ICommitPoint
    {
        private long _settled;

        public ConcurrentQueue<string> Open { get; } = new();

        public long Settled => Volatile.Read(ref _settled);

        public Task<CommittedCheckpoint?> InitializeAsync(CancellationToken cancellationToken) => Task.FromResult(owner._last);

        public Task CommitAsync(long checkpointId, IReadOnlyDictionary<string, IReadOnlyList<SourceSplit>> positions, CancellationToken cancellationToken)
        {
            while (Open.TryDequeue(out var one))
            {
                owner._committed.Enqueue(one);
            }

            owner._last = new CommittedCheckpoint(checkpointId, job);
            Volatile.Write(ref _settled, checkpointId);
            return Task.CompletedTask;
        }

        public void Abort(long checkpointId) => Volatile.Write(ref _settled, checkpointId);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Writer(Point point) : ISinkWriter<Activity>
    {
        private readonly Queue<string> _held = new();
        private long _sealed;

        public void Write(Activity value, long timestamp)
        {
            if (_sealed > point.Settled || _held.Count > 0)
            {
                _held.Enqueue(value.ToString());
            }
            else
            {
                point.Open.Enqueue(value.ToString());
            }
        }

        public ValueTask PumpAsync(CancellationToken cancellationToken)
        {
            while (_sealed <= point.Settled && _held.TryDequeue(out var one))
            {
                point.Open.Enqueue(one);
            }

            return ValueTask.CompletedTask;
        }

        public async ValueTask PrepareCommitAsync(long checkpointId, CancellationToken cancellationToken)
        {
            await PumpAsync(cancellationToken);
            _sealed = checkpointId;
        }

        public ValueTask OnCheckpointSettledAsync(long checkpointId, bool committed, CancellationToken cancellationToken) => PumpAsync(cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
