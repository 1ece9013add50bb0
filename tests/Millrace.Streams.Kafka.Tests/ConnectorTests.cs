using System.Text;
using Millrace.Streams.Connectors;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Streams.Kafka.Tests;

/// <summary>What source and sink do with the settings that the exactly-once tests do not touch.</summary>
public abstract class ConnectorTests<TTarget>(TTarget target) : IClassFixture<TTarget>
    where TTarget : class, IKafkaTarget
{
    [Fact]
    public async Task A_poison_record_fails_the_job_and_is_named()
    {
        var job = await PrepareAsync(["1", "two", "3"]);
        job.From(job.Source().SetBounded(OffsetsInitializer.Latest()).Build()).ForEach(_ => { });
        var failure = await Assert.ThrowsAsync<JobExecutionException>(job.RunAsync);
        Assert.Contains($"{job.Input}-0@1", failure.Message, StringComparison.Ordinal);
        Assert.Contains("PoisonPolicy", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_poison_record_is_skipped_where_that_is_the_policy()
    {
        var job = await PrepareAsync(["1", "two", "3"]);
        job.From(job.Source().SetBounded(OffsetsInitializer.Latest()).SetPoisonPolicy(PoisonPolicy.Skip).Build()).ForEach(_ => { });
        await job.RunAsync();
        Assert.Equal([1, 3], job.Seen);
    }

    [Fact]
    public async Task Records_without_an_element_move_the_committed_position_too()
    {
        var job = await PrepareAsync([]);
        job.From(job.Source().SetStartingOffsets(OffsetsInitializer.Earliest()).SetPoisonPolicy(PoisonPolicy.Skip).Build()).ForEach(_ => { });
        var client = await job.StartAsync();
        await job.ProduceAsync((0, "no number", 0), (0, "nor this", 0));

        await Eventually.True(() => Task.FromResult(job.Committed() == 2), "the offset behind the skipped records while the job runs");
        await client.StopAsync();
        Assert.Empty(job.Seen);
    }

    [Fact]
    public async Task A_poison_record_goes_to_the_dead_letters_as_it_is_and_says_where_it_came_from()
    {
        var job = await PrepareAsync(["1", "two", "3", ""]);
        job.From(job.Source().SetBounded(OffsetsInitializer.Latest()).SetPoisonPolicy(PoisonPolicy.DeadLetter(job.Output)).Build()).ForEach(_ => { });
        await job.RunAsync();
        Assert.Equal([1, 3], job.Seen);
        var letters = job.Read(job.Output);
        Assert.Equal(["two", ""], letters.Select(one => one.Message.Value));
        Assert.Equal(job.Input, Header(letters[0], "millrace.source.topic"));
        Assert.Equal(("0", "1"), (Header(letters[0], "millrace.source.partition"), Header(letters[0], "millrace.source.offset")));
        Assert.Contains("two", Header(letters[0], "millrace.error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_partitions_are_found_and_read_from_their_beginning()
    {
        var job = await PrepareAsync(["1"]);
        job.Environment.Parallelism = 2;
        job.From(job.Source().SetPartitionDiscovery(TimeSpan.FromMilliseconds(100)).SetStartingOffsets(OffsetsInitializer.Latest()).Build()).ForEach(_ => { });
        var client = await job.StartAsync();
        await Eventually.True(() => client.Status == JobStatus.Running, "the job running");
        await job.ProduceAsync((0, "2", 0));
        await Eventually.True(() => job.Seen.Contains(2), "the record after the start");

        await job.AddPartitionsAsync(3);
        await job.ProduceAsync((1, "10", 0), (2, "20", 0), (0, "3", 0));
        await Eventually.True(() => job.Seen.Count() == 4, "the records of the new partitions");
        Assert.Equal([2, 3, 10, 20], job.Seen.Order());
        await client.StopAsync();
    }

    [Fact]
    public async Task A_timestamp_starts_at_the_first_record_that_is_not_older()
    {
        var job = await PrepareAsync([]);
        var at = TimeProvider.System.GetUtcNow().AddMinutes(-10);
        await job.ProduceAsync((0, "1", at.AddMinutes(-1).ToUnixTimeMilliseconds()), (0, "2", at.ToUnixTimeMilliseconds()), (0, "3", at.AddMinutes(1).ToUnixTimeMilliseconds()));
        job.From(job.Source().SetBounded(OffsetsInitializer.Latest()).SetStartingOffsets(OffsetsInitializer.Timestamp(at)).Build()).ForEach(_ => { });
        await job.RunAsync();
        Assert.Equal([2, 3], job.Seen);
    }

    [Fact]
    public async Task A_timestamp_after_all_records_starts_at_the_end()
    {
        var job = await PrepareAsync(["1"]);
        job.From(job.Source().SetBounded(OffsetsInitializer.Latest()).SetStartingOffsets(OffsetsInitializer.Timestamp(TimeProvider.System.GetUtcNow().AddDays(1))).Build()).ForEach(_ => { });
        await job.RunAsync();
        Assert.Empty(job.Seen);
    }

    [Fact]
    public async Task A_partition_without_an_offset_fails_the_start_where_nobody_may_guess()
    {
        var job = await PrepareAsync(["1"]);
        job.From(job.Source().SetStartingOffsets(OffsetsInitializer.CommittedOffsets(OffsetResetStrategy.None)).Build()).ForEach(_ => { });
        var failure = await Assert.ThrowsAsync<JobExecutionException>(job.RunAsync);
        Assert.Contains($"{job.Input}-0", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task At_least_once_a_failure_repeats_results_and_loses_none()
    {
        var job = await PrepareAsync([.. Enumerable.Range(0, 3000).Select(n => $"{n}")]);
        var failures = 0;
        job.Environment.RestartStrategy = RestartStrategy.FixedDelay(10, TimeSpan.FromMilliseconds(1));
        job.From(job.Source().SetBounded(OffsetsInitializer.Latest()).Build())
            .Map(n => n % 1000 == 700 && Interlocked.Increment(ref failures) <= 3 ? throw new InvalidOperationException("injected") : n)
            .SinkTo(job.Sink().Build());
        await job.RunAsync();
        Assert.True(failures > 3);
        Assert.Equal(Enumerable.Range(0, 3000), job.Read(job.Output).Select(one => int.Parse(one.Message.Value, null)).Distinct().Order());
    }

    [Fact]
    public async Task At_least_once_a_result_that_the_broker_refuses_fails_the_job()
    {
        var job = await PrepareAsync(["1"]);
        job.From(job.Source().SetBounded(OffsetsInitializer.Latest()).Build()).SinkTo(job.Sink().SetValueSerializer(_ => new byte[3_000_000]).Build());
        var failure = await Assert.ThrowsAsync<JobExecutionException>(job.RunAsync);
        Assert.Contains(job.Output, failure.Message, StringComparison.Ordinal);
        Assert.Contains("message.max.bytes", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transaction_timeout_that_the_broker_does_not_allow_is_explained_at_once()
    {
        using var folder = new TempDirectory("streams");
        var job = await PrepareAsync(["1"]);
        job.Environment.CheckpointConfig.CheckpointStorage = folder;
        job.Environment.RestartStrategy = RestartStrategy.FixedDelay(100, TimeSpan.FromSeconds(10));
        job.From(job.Source().SetBounded(OffsetsInitializer.Latest()).Build())
            .SinkTo(job.Sink().SetDeliveryGuarantee(DeliveryGuarantee.ExactlyOnce).SetTransactionalId(job.Output).SetTransactionTimeout(TimeSpan.FromHours(1)).Build());
        var failure = await Assert.ThrowsAsync<CheckpointException>(job.RunAsync);
        Assert.Contains("transaction.max.timeout.ms", failure.Message, StringComparison.Ordinal);
        Assert.Contains("SetTransactionTimeout", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RecordTimestamps.EventTime)]
    [InlineData(RecordTimestamps.ProcessingTime)]
    public async Task Records_carry_the_time_that_is_asked_for(RecordTimestamps timestamps)
    {
        var job = await PrepareAsync([]);
        var start = TimeProvider.System.GetUtcNow();
        var past = start.AddHours(-2).ToUnixTimeMilliseconds();
        await job.ProduceAsync((0, "1", past));
        job.From(job.Source().SetBounded(OffsetsInitializer.Latest()).Build()).SinkTo(job.Sink().SetRecordTimestamps(timestamps).Build());
        await job.RunAsync();
        var at = Assert.Single(job.Read(job.Output)).Message.Timestamp.UnixTimestampMs;
        if (timestamps == RecordTimestamps.EventTime)
        {
            Assert.Equal(past, at);
        }
        else
        {
            Assert.True(at >= start.ToUnixTimeMilliseconds());
        }
    }

    private static string Header(Confluent.Kafka.ConsumeResult<byte[], string> record, string name) => Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes(name));

    private async Task<EchoJob> PrepareAsync(IEnumerable<string> values)
    {
        var job = new EchoJob(target.Bootstrap, Guid.NewGuid().ToString("N")[..8]);
        await job.CreateTopicsAsync();
        await job.ProduceAsync([.. values.Select(value => (0, value, 0L))]);
        return job;
    }
}

public sealed class ConnectorWithMillraceTests(EmbeddedBroker target) : ConnectorTests<EmbeddedBroker>(target);

public sealed class ConnectorWithApacheKafkaTests(ApacheKafka target) : ConnectorTests<ApacheKafka>(target);
