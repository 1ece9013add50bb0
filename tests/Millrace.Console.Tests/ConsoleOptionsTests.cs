namespace Millrace.Console.Tests;

public sealed class ConsoleOptionsTests
{
    [Fact]
    public void The_defaults_are_right() => Assert.Empty(new ConsoleOptions().Validate());

    [Fact]
    public async Task Every_wrong_setting_is_named_with_its_value_and_the_rule()
    {
        var options = new ConsoleOptions
        {
            Listen = "localhost",
            Bootstrap = "kafka1:9092,kafka2",
            ConnectUrl = "8083",
            StreamsUrl = "ftp://x",
            SampleInterval = TimeSpan.Zero,
            SamplesKept = 1,
            LagLimit = TimeSpan.Zero,
            Title = " ",
            AlertTopics = [""],
        };

        var error = await Assert.ThrowsAsync<ArgumentException>(() => ConsoleServer.StartAsync(options, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(9, options.Validate().Count);
        Assert.Contains("Listen = 'localhost': must be host:port", error.Message, StringComparison.Ordinal);
        Assert.Contains("'kafka2' must be host:port", error.Message, StringComparison.Ordinal);
        Assert.Contains("ConnectUrl = '8083': must be an http or https address", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_key_for_kafka_is_named()
    {
        var options = new ConsoleOptions();
        options.Kafka["sasl.user"] = "x";

        Assert.Contains("Kafka: sasl.user", Assert.Single(options.Validate()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:0")]
    [InlineData("localhost:8080")]
    [InlineData("*:80")]
    [InlineData("[::1]:8080")]
    public void Usual_ways_to_write_an_address_are_taken(string listen) => Assert.Empty(new ConsoleOptions { Listen = listen }.Validate());
}
