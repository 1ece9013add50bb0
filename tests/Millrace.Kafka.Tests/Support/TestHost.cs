using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Kafka.Hosting;

namespace Millrace.Kafka.Tests.Support;

/// <summary>A host with the SDK, as an application makes it.</summary>
internal static class TestHost
{
    internal static async Task<IHost> StartAsync(string bootstrap, Action<MillraceKafkaBuilder> add, Action<MillraceKafkaOptions>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        var kafka = builder.Services.AddMillraceKafka(builder.Configuration, o =>
        {
            o.Client["bootstrap.servers"] = bootstrap;
            o.Consumer["heartbeat.interval.ms"] = "200";
            o.Consumer["session.timeout.ms"] = "10000";
            o.TopicNaming = TopicNaming.Ignore;
            configure?.Invoke(o);
        });
        add(kafka);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>Stops as an application that gets SIGTERM, and disposes.</summary>
    internal static async Task EndAsync(this IHost host)
    {
        await host.StopAsync(TimeSpan.FromSeconds(30));
        host.Dispose();
    }
}
