using System.Diagnostics;
using System.Globalization;

namespace Millrace.Streams.Kafka.Tests;

/// <summary>The job in a process of its own, to be killed. Does nothing unless <see cref="ExactlyOnceTests{TTarget}"/> starts it.</summary>
public sealed class ChildJob
{
    public const string Variable = "MILLRACE_STREAMS_CHILD_JOB";

    [Fact]
    public async Task Run()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } text)
        {
            return;
        }

        var settings = text.Split('|');
        var bounded = bool.Parse(settings[4]);
        var job = new ActivityJob(settings[0], settings[1], settings[2], settings[3])
        {
            RestartStrategy = RestartStrategy.FixedDelay(5, TimeSpan.FromMilliseconds(200)),
        };
        if (settings.Length > 5)
        {
            // SIGKILL at a point of the commit, after some visits; during a commit a little later, so that it hits the transaction's calls in turn.
            var point = Enum.Parse<FaultPoint>(settings[5]);
            var later = int.Parse(settings[7], CultureInfo.InvariantCulture);
            var faults = new Faults(point, int.Parse(settings[6], CultureInfo.InvariantCulture), () =>
            {
                SpinWait.SpinUntil(static () => false, later);
                Process.GetCurrentProcess().Kill();
            });
            job = job with { WrapSink = sink => new FaultySink<MinuteActivity>(sink, faults) };
        }

        var client = await job.Define(bounded).StartAsync(job.JobName, TestContext.Current.CancellationToken);
#pragma warning disable RS0030 // The parent waits for this line.
        while (client.GetSnapshot().Checkpoints.Completed == 0 && !client.Completion.IsCompleted)
        {
            await Task.Delay(5);
        }

        Console.WriteLine("child committed");
        Console.Out.Flush();
#pragma warning restore RS0030
        await client.Completion;
    }
}
