using Confluent.Kafka;
using Millrace.TestKit;
using Millrace.TestKit.Kafka;

namespace Millrace.Kafka.Tests;

public abstract class KafkaTargetTests<TKafka>(TKafka kafka) : IClassFixture<TKafka>
    where TKafka : class, IKafkaTarget
{
    [Fact]
    public void The_target_answers_metadata()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.Bootstrap }).Build();
        Assert.Single(admin.GetMetadata(TimeSpan.FromSeconds(20)).Brokers);
    }
}

public sealed class KafkaTargetTestsOnApacheKafka(ApacheKafka kafka) : KafkaTargetTests<ApacheKafka>(kafka);

public sealed class ChildProcessTests
{
    [Fact]
    public async Task Signals_reach_the_program_and_its_exit_code_comes_back()
    {
        await using var child = await ChildProcess.StartAsync("/bin/sh", ["-c", "trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done"]);
        await child.WaitForLineAsync("up");
        Assert.Equal(7, await child.TerminateAsync());
    }
}
