using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Streams.Kafka.Tests;

public abstract class ExactlyOnceTests<TTarget>(TTarget target) : IClassFixture<TTarget>
    where TTarget : class, IKafkaTarget
{
    private const int Count = 6000;

    [Fact]
    public async Task From_topic_to_topic_the_windows_are_right()
    {
        using var folder = new TempDirectory("streams");
        var job = await PrepareAsync(folder);
        await job.Define().ExecuteAsync(job.JobName, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(ActivityJob.Expected(Count), job.ReadOutput());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Failures_at_every_point_of_the_commit_lose_and_repeat_nothing(int seed)
    {
        using var folder = new TempDirectory("streams");
        var faults = new Faults(seed, 10);
        var job = await PrepareAsync(folder) with
        {
            RestartStrategy = RestartStrategy.FixedDelay(1000, TimeSpan.FromMilliseconds(1)),
            CheckpointInterval = TimeSpan.FromMilliseconds(10),
            WrapSink = sink => new FaultySink<MinuteActivity>(sink, faults),
            Intercept = payment =>
            {
                faults.At(FaultPoint.AtElement);
                return payment;
            },
        };
        var client = await job.Define(bounded: false).StartAsync(job.JobName, TestContext.Current.CancellationToken);
        var produced = Count;
        for (; faults.Remaining > 0 && produced < 20 * Count; produced += 500)
        {
            await job.ProduceAsync(500, produced);
            await Task.Delay(20);
            Assert.False(client.Completion.IsCompleted, client.Completion.Exception?.ToString());
        }

        await client.StopAsync();
        Assert.Equal(0, faults.Remaining);
        await job.Define().ExecuteAsync(job.JobName, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(ActivityJob.Expected(produced), job.ReadOutput());
    }

    [Fact]
    public async Task A_job_goes_on_after_a_stop_at_another_parallelism()
    {
        using var folder = new TempDirectory("streams");
        var job = await PrepareAsync(folder);
        var first = await job.Define(bounded: false).StartAsync(job.JobName, TestContext.Current.CancellationToken);
        await Eventually.True(() => first.GetSnapshot().Checkpoints.Completed > 0, "a checkpoint");
        await first.StopAsync();
        Assert.Equal(JobStatus.Canceled, first.Status);

        await job.ProduceAsync(Count, Count);
        var second = job with { Parallelism = 3 };
        await second.Define().ExecuteAsync(job.JobName, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(ActivityJob.Expected(2 * Count), job.ReadOutput());
    }

    [Fact]
    public async Task Kafka_and_the_checkpoint_folder_must_agree()
    {
        using var folder = new TempDirectory("streams");
        var job = await PrepareAsync(folder);
        await job.Define().ExecuteAsync(job.JobName, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));

        using var other = new TempDirectory("streams");
        var lost = await Assert.ThrowsAsync<CheckpointException>(() => (job with { CheckpointFolder = other }).Define().ExecuteAsync(job.JobName));
        Assert.Contains("does not have it", lost.Message, StringComparison.Ordinal);

        var foreign = await Assert.ThrowsAsync<CheckpointException>(() => job.Define().ExecuteAsync("another job"));
        Assert.Contains("'activity'", foreign.Message, StringComparison.Ordinal);
        Assert.Contains("'another job'", foreign.Message, StringComparison.Ordinal);

        // A job that has committed nothing yet must not take the checkpoints of another for leftovers of its own.
        var fresh = (await PrepareAsync(other)) with { CheckpointFolder = folder };
        var taken = await Assert.ThrowsAsync<CheckpointException>(() => fresh.Define().ExecuteAsync("a third job"));
        Assert.Contains("belongs to the job 'activity', but this job is 'a third job'", taken.Message, StringComparison.Ordinal);
        await job.Define().ExecuteAsync(job.JobName, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_second_run_of_the_same_job_fences_the_first_loudly()
    {
        using var folder = new TempDirectory("streams");
        var job = await PrepareAsync(folder);
        var first = await job.Define(bounded: false).StartAsync(job.JobName, TestContext.Current.CancellationToken);
        await Eventually.True(() => first.GetSnapshot().Checkpoints.Completed > 0, "a checkpoint");
        var second = await job.Define(bounded: false).StartAsync(job.JobName, TestContext.Current.CancellationToken);
        await Eventually.True(() => second.Status == JobStatus.Running, "the second run");
        await job.ProduceAsync(Count, Count);
        var failure = await Assert.ThrowsAsync<CheckpointException>(() => first.Completion.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("running twice", failure.Message, StringComparison.Ordinal);
        await second.CancelAsync();
    }

    [Fact]
    public async Task Sigkill_at_random_moments_loses_and_repeats_nothing()
    {
        using var folder = new TempDirectory("streams");
        var job = await PrepareAsync(folder);
        var random = new Random(7);
        for (var kill = 0; kill < 3; kill++)
        {
            await using var child = await StartChildAsync(job, bounded: false);
            await child.WaitForLineAsync("child committed");
            await job.ProduceAsync(1000, Count + (kill * 1000));
            await Task.Delay(random.Next(20, 400));
            await child.KillAsync();
        }

        await using var last = await StartChildAsync(job, bounded: true);
        await last.WaitForExitAsync(TimeSpan.FromSeconds(60));
        Assert.True(last.ExitCode == 0, last.OutputText);
        Assert.Equal(ActivityJob.Expected(Count + 3000), job.ReadOutput());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Sigkill_in_every_phase_of_the_commit_loses_and_repeats_nothing(int seed)
    {
        using var folder = new TempDirectory("streams");
        var job = await PrepareAsync(folder);
        var random = new Random(seed);
        var produced = Count;
        foreach (var point in (FaultPoint[])[FaultPoint.BeforeBarrier, FaultPoint.BeforeCommit, FaultPoint.DuringCommit, FaultPoint.AfterCommit])
        {
            await using var child = await StartChildAsync(job, bounded: false, [$"{point}", $"{random.Next(3)}", $"{random.Next(12)}"]);
            for (; !child.HasExited && produced < 50 * Count; produced += 200)
            {
                await job.ProduceAsync(200, produced);
                await Task.Delay(20);
            }

            Assert.Equal(137, child.ExitCode);
        }

        await job.Define().ExecuteAsync(job.JobName, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(ActivityJob.Expected(produced), job.ReadOutput());
    }

    private static Task<ChildProcess> StartChildAsync(ActivityJob job, bool bounded, params string[] kill) => ChildProcess.StartAsync(
        Path.ChangeExtension(typeof(ChildJob).Assembly.Location, null),
        ["--filter-class", typeof(ChildJob).FullName!],
        new Dictionary<string, string?> { [ChildJob.Variable] = string.Join('|', job.Bootstrap, job.Input, job.Output, job.CheckpointFolder, bounded, string.Join('|', kill)).TrimEnd('|') });

    private Task<ActivityJob> PrepareAsync(TempDirectory folder) => ActivityJob.PrepareAsync(target.Bootstrap, folder, Count);
}

public sealed class ExactlyOnceWithMillraceTests(EmbeddedBroker target) : ExactlyOnceTests<EmbeddedBroker>(target);

public sealed class ExactlyOnceWithApacheKafkaTests(ApacheKafka target) : ExactlyOnceTests<ApacheKafka>(target);
