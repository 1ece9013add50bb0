namespace Millrace.TestKit.Kafka;

/// <summary>
/// Apache Kafka: the cluster named by MILLRACE_TEST_BOOTSTRAP, else one node started from the distribution in MILLRACE_TEST_KAFKA_HOME, once for
/// all tests of the process. Without either, tests that read <see cref="Bootstrap"/> are skipped and say so.
/// </summary>
public sealed class ApacheKafka : IKafkaTarget
{
    private static readonly SemaphoreSlim _gate = new(1);
    private static ApacheKafkaNode? _shared;

    private string? _bootstrap;

    public static string? Home => Environment.GetEnvironmentVariable("MILLRACE_TEST_KAFKA_HOME") is { Length: > 0 } home ? home : null;

    public static string? External => Environment.GetEnvironmentVariable("MILLRACE_TEST_BOOTSTRAP") is { Length: > 0 } address ? address : null;

    public string Description => "Apache Kafka";

    public string Bootstrap
    {
        get
        {
            Assert.SkipWhen(_bootstrap is null, "needs a real Apache Kafka: set MILLRACE_TEST_KAFKA_HOME or MILLRACE_TEST_BOOTSTRAP");
            return _bootstrap!;
        }
    }

    /// <summary>The path of one of Kafka's own tools, for example kafka-topics.sh; skips the test where there is no distribution.</summary>
    public static string Tool(string name)
    {
        Assert.SkipWhen(Home is null, $"needs Apache Kafka's {name}: set MILLRACE_TEST_KAFKA_HOME");
        return Path.Combine(Home!, "bin", name);
    }

    public async ValueTask InitializeAsync()
    {
        if (External is not null)
        {
            _bootstrap = External;
            return;
        }

        if (Home is null) return;
        await _gate.WaitAsync();
        try
        {
            _shared ??= await ApacheKafkaNode.StartAsync(Home);
            _bootstrap = _shared.Bootstrap;
        }
        finally
        {
            _gate.Release();
        }
    }

    // The shared node ends with the process: ChildProcess sees to it.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
