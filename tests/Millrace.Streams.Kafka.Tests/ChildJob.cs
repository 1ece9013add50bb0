namespace Millrace.Streams.Kafka.Tests;

/// <summary>The job in a process of its own, to be killed. Explicit: only <see cref="ExactlyOnceTests{TTarget}"/> starts it.</summary>
public sealed class ChildJob
{
    public const string Variable = "MILLRACE_STREAMS_CHILD_JOB";

    [Fact(Explicit = true)]
    public async Task Run()
    {
        var settings = (Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException($"{Variable} is not set.")).Split('|');
        var bounded = bool.Parse(settings[4]);
        var job = new ActivityJob(settings[0], settings[1], settings[2], settings[3])
        {
            RestartStrategy = RestartStrategy.FixedDelay(5, TimeSpan.FromMilliseconds(200)),
        };
        var client = await job.Define(bounded).StartAsync(job.JobName, TestContext.Current.CancellationToken);
#pragma warning disable RS0030 // The parent waits for this line.
        Console.WriteLine("child runs");
        Console.Out.Flush();
#pragma warning restore RS0030
        await client.Completion;
    }
}
