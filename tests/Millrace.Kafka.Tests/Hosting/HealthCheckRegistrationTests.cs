using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Millrace.Kafka.Tests.Hosting;

public sealed class HealthCheckRegistrationTests
{
    [Fact]
    public async Task One_call_adds_the_check_to_the_health_checks_of_the_application()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMillraceKafka(configure: options => options.Client["bootstrap.servers"] = "127.0.0.1:1");
        services.AddHealthChecks().AddMillraceKafka(tags: "ready");
        await using var provider = services.BuildServiceProvider();
        var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(one => one.Tags.Contains("ready"), TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Healthy, Assert.Single(report.Entries, one => one.Key == "millrace-kafka").Value.Status);
    }
}
