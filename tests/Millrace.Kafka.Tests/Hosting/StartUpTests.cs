using Microsoft.Extensions.Options;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.Hosting;
using Millrace.Kafka.Retry;
using Millrace.Kafka.Tests.Support;

namespace Millrace.Kafka.Tests.Hosting;

public sealed class StartUpTests
{
    [Theory]
    [InlineData("acks", "1", "Millrace:Kafka:Producer: acks: contradicts enable.idempotence=true")]
    [InlineData("lingerms", "1", "Millrace:Kafka:Producer: lingerms: is not a key")]
    public async Task A_wrong_producer_key_stops_the_start(string key, string value, string message)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync("127.0.0.1:1", _ => { }, o => o.Producer[key] = value));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_that_breaks_the_convention_stops_the_start()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(
            "127.0.0.1:1", k => k.AddProducer<string, string>("payments"), o => o.TopicNaming = TopicNaming.Enforce));
        Assert.Contains("domain.subdomain.event-type.version", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Auto_commit_and_retries_longer_than_the_poll_interval_stop_the_start()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(
            "127.0.0.1:1", k => k.AddConsumer<string, string, Nothing>("t", "g", o => o.Config["enable.auto.commit"] = "true")));
        Assert.Contains("enable.auto.commit=true would commit records that are not finished", error.Message, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(
            "127.0.0.1:1", k => k.AddConsumer<string, string, Nothing>("t", "g", o => o.Retry.MaxAttempts = 100)));
        Assert.Contains("longer than max.poll.interval.ms", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_broker_address_stops_the_start()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync("", _ => { }, o => o.Client.Clear()));
        Assert.Contains("bootstrap.servers: is not set", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Failures_are_told_apart()
    {
        Assert.True(FailureClassifier.IsRetriable(new TimeoutException()));
        Assert.True(FailureClassifier.IsRetriable(new HttpRequestException()));
        Assert.False(FailureClassifier.IsRetriable(new ArgumentNullException()));
        Assert.False(FailureClassifier.IsRetriable(new NotRetriableException("no")));
    }

    private sealed class Nothing : IMessageHandler<string, string>
    {
        public Task HandleAsync(ConsumedRecord<string, string> record, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
