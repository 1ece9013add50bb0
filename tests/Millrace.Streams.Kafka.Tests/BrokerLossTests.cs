using System.Diagnostics;
using System.Globalization;
using Millrace.Kafka.Testing;
using Millrace.TestKit;

namespace Millrace.Streams.Kafka.Tests;

/// <summary>The broker is killed in the middle of a job's transaction, and comes back.</summary>
public sealed class BrokerLossTests
{
    private const string Variable = "MILLRACE_STREAMS_CHILD_BROKER";
    private const int Count = 3000;

    [Theory]
    [InlineData(FaultPoint.DuringCommit, 0)]
    [InlineData(FaultPoint.DuringCommit, 1)]
    public async Task A_job_goes_on_when_the_broker_is_killed_in_its_transaction(FaultPoint point, int visits)
    {
        using var data = new TempDirectory("broker");
        using var folder = new TempDirectory("streams");
        var port = FreePort.Next();
        var broker = await StartBrokerAsync(port, data);
        try
        {
            var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var faults = new Faults(point, visits, () =>
            {
                using var process = Process.GetProcessById(broker.Id);
                process.Kill();
                killed.TrySetResult();
            });
            var job = new ActivityJob($"127.0.0.1:{port}", "payments", "activity", folder)
            {
                RestartStrategy = RestartStrategy.FixedDelay(100, TimeSpan.FromMilliseconds(200)),
                CheckpointInterval = TimeSpan.FromMilliseconds(10),
                WrapSink = sink => new FaultySink<MinuteActivity>(sink, faults),

                // Slow enough for several checkpoints, so that nothing need be produced while the broker may go.
                Intercept = static payment =>
                {
                    Thread.SpinWait(2000);
                    return payment;
                },
            };
            await ActivityJob.CreateTopicsAsync(job.Bootstrap, job.Input, job.Output);
            await job.ProduceAsync(Count);
            var client = await job.Define(bounded: false).StartAsync(job.JobName, TestContext.Current.CancellationToken);
            await killed.Task.WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);
            await broker.DisposeAsync();
            broker = await StartBrokerAsync(port, data);
            var before = client.GetSnapshot().Checkpoints.Completed;
            await job.ProduceAsync(Count, Count);
            await Eventually.True(() => client.GetSnapshot().Checkpoints.Completed > before, "a checkpoint after the broker is back", TimeSpan.FromSeconds(90));
            await client.StopAsync();
            await job.Define().ExecuteAsync(job.JobName, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal(ActivityJob.Expected(2 * Count), job.ReadOutput());
        }
        finally
        {
            await broker.DisposeAsync();
        }
    }

    /// <summary>The broker, in a process of its own. Does nothing unless the test above starts it.</summary>
    [Fact]
    public async Task Child()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } text)
        {
            return;
        }

        var (port, folder) = (text.Split('|')[0], text.Split('|')[1]);
        await using var kafka = await EmbeddedKafka.StartAsync(options =>
        {
            options.Port = int.Parse(port, CultureInfo.InvariantCulture);
            options.DataDirectory = folder;
        });
#pragma warning disable RS0030 // The parent waits for this line.
        Console.WriteLine("broker ready");
        Console.Out.Flush();
#pragma warning restore RS0030
        await Task.Delay(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);
    }

    private static async Task<ChildProcess> StartBrokerAsync(int port, string folder)
    {
        var child = await ChildProcess.StartAsync(
            Path.ChangeExtension(typeof(BrokerLossTests).Assembly.Location, null), ["--filter-method", $"{typeof(BrokerLossTests).FullName}.{nameof(Child)}"],
            new Dictionary<string, string?> { [Variable] = $"{port}|{folder}" });
        await child.WaitForLineAsync("broker ready");
        return child;
    }
}
