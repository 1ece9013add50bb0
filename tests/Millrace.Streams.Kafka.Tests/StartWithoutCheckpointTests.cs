using Confluent.Kafka;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Streams.Kafka.Tests;

/// <summary>A job that once had state does not begin again with empty state unless it is told to.</summary>
public abstract class StartWithoutCheckpointTests<TTarget>(TTarget target) : IClassFixture<TTarget>
    where TTarget : class, IKafkaTarget
{
    private const int Count = 300;

    [Theory]
    [InlineData(DeliveryGuarantee.AtLeastOnce)]
    [InlineData(DeliveryGuarantee.ExactlyOnce)]
    public async Task Offsets_whose_checkpoint_is_gone_are_refused_until_that_is_allowed(DeliveryGuarantee guarantee)
    {
        using var folder = new TempDirectory("streams");
        var job = await PrepareAsync(folder) with { Guarantee = guarantee };
        await RunAsync(job.Define(), job);
        await CommittedAsync(job);

        using var other = new TempDirectory("streams");
        var lost = job with { CheckpointFolder = other };
        var refusal = await Assert.ThrowsAsync<CheckpointException>(() => RunAsync(lost.Define(), lost));
        Assert.Contains("checkpoint", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("AllowStartWithoutCheckpoint", refusal.Message, StringComparison.Ordinal);

        await job.ProduceAsync(Count, Count);
        var allowed = lost.Define();
        allowed.CheckpointConfig.AllowStartWithoutCheckpoint = true;
        await RunAsync(allowed, lost);
        await CommittedAsync(job, 2 * Count);

        // From here on the new folder is the job's.
        await RunAsync(lost.Define(), lost);
    }

    [Theory]
    [InlineData(DeliveryGuarantee.AtLeastOnce)]
    [InlineData(DeliveryGuarantee.ExactlyOnce)]
    public async Task A_group_that_was_reset_on_purpose_starts_over_with_a_new_folder(DeliveryGuarantee guarantee)
    {
        using var folder = new TempDirectory("streams");
        var job = await PrepareAsync(folder) with { Guarantee = guarantee };
        await RunAsync(job.Define(), job);
        await CommittedAsync(job);
        await DeleteGroupAsync(job);

        using var other = new TempDirectory("streams");
        var again = job with { CheckpointFolder = other };
        await RunAsync(again.Define(), again);
        Assert.Equal(2 * ActivityJob.Expected(Count).Count, job.ReadOutput().Count);
    }

    [Fact]
    public async Task A_folder_whose_commits_Kafka_has_forgotten_is_refused_and_kept()
    {
        using var folder = new TempDirectory("streams");
        var job = await PrepareAsync(folder);
        var client = await job.Define(bounded: false).StartAsync(job.JobName, TestContext.Current.CancellationToken);
        await Eventually.True(() => client.GetSnapshot().Checkpoints.Completed > 0, "a checkpoint");
        await client.StopAsync();
        await RunAsync(job.Define(), job);
        await DeleteGroupAsync(job);
        var files = Directory.GetFiles(folder);

        var refusal = await Assert.ThrowsAsync<CheckpointException>(() => RunAsync(job.Define(), job));
        Assert.Contains("knows of no commit", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("offsets.retention.minutes", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(files.Order(StringComparer.Ordinal), Directory.GetFiles(folder).Order(StringComparer.Ordinal));

        var allowed = job.Define();
        allowed.CheckpointConfig.AllowStartWithoutCheckpoint = true;
        await RunAsync(allowed, job);
    }

    [Fact]
    public async Task Offsets_that_no_checkpoint_belongs_to_are_a_place_to_start()
    {
        using var folder = new TempDirectory("streams");
        var job = await PrepareAsync(folder);
        using (var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = job.Bootstrap, GroupId = job.Output + "-group" }).Build())
        {
            consumer.Commit(Enumerable.Range(0, ActivityJob.Partitions).Select(partition => new TopicPartitionOffset(job.Input, partition, 0)));
        }

        await RunAsync(job.Define(), job);
        Assert.Equal(ActivityJob.Expected(Count), job.ReadOutput());
    }

    private static Task RunAsync(StreamExecutionEnvironment env, ActivityJob job) =>
        env.ExecuteAsync(job.JobName, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));

    private static async Task DeleteGroupAsync(ActivityJob job)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = job.Bootstrap }).Build();
        await Eventually.True(
            async () =>
            {
                await admin.DeleteGroupsAsync([job.Output + "-group"]);
                return true;
            },
            "the group deleted");
    }

    // The at-least-once source commits in the background.
    private static Task CommittedAsync(ActivityJob job, int count = Count) => Eventually.True(
        () =>
        {
            using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = job.Bootstrap, GroupId = job.Output + "-group" }).Build();
            var offsets = consumer.Committed([.. Enumerable.Range(0, ActivityJob.Partitions).Select(partition => new TopicPartition(job.Input, partition))], TimeSpan.FromSeconds(10));
            return offsets.Sum(static one => Math.Max(0, one.Offset.Value)) >= count;
        },
        "the offsets committed");

    private Task<ActivityJob> PrepareAsync(TempDirectory folder) => ActivityJob.PrepareAsync(target.Bootstrap, folder, Count);
}

public sealed class StartWithoutCheckpointWithMillraceTests(EmbeddedBroker target) : StartWithoutCheckpointTests<EmbeddedBroker>(target);

public sealed class StartWithoutCheckpointWithApacheKafkaTests(ApacheKafka target) : StartWithoutCheckpointTests<ApacheKafka>(target);
