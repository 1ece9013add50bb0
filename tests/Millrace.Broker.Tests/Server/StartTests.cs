using Millrace.TestKit;

namespace Millrace.Broker.Tests.Server;

public sealed class StartTests
{
    [Fact]
    public async Task A_port_in_use_says_what_to_do()
    {
        await using var first = await TestBroker.StartAsync();
        using var directory = new TempDirectory("broker");
        var error = await Assert.ThrowsAsync<BrokerStartException>(() => BrokerServer.StartAsync(new BrokerOptions { Listen = first.Bootstrap, DataDirectory = directory.Path }));
        Assert.Contains("in use by another process", error.Message, StringComparison.Ordinal);
        Assert.Contains("--listen", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_directory_in_use_is_refused_and_free_after_the_other_has_stopped()
    {
        await using var first = await TestBroker.StartAsync();
        var options = new BrokerOptions { Listen = "127.0.0.1:0", DataDirectory = first.DataDirectory };
        var error = await Assert.ThrowsAsync<BrokerStartException>(() => BrokerServer.StartAsync(options));
        Assert.Contains("in use", error.Message, StringComparison.Ordinal);
        await first.RestartAsync();
    }

    [Fact]
    public async Task A_data_directory_of_another_node_is_refused()
    {
        await using var broker = await TestBroker.StartAsync();
        var options = new BrokerOptions { Listen = "127.0.0.1:0", DataDirectory = broker.DataDirectory, NodeId = 7 };
        var error = await Assert.ThrowsAsync<BrokerStartException>(() => BrokerServer.StartAsync(options));
        Assert.Contains("node.id=1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_catalogue_says_what_to_do()
    {
        using var directory = new TempDirectory("broker");
        await File.WriteAllTextAsync(directory.Combine("topics.json"), "{ not json", TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<BrokerStartException>(() => BrokerServer.StartAsync(new BrokerOptions { Listen = "127.0.0.1:0", DataDirectory = directory.Path }));
        Assert.Contains("topics.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere.invalid:9092")]
    [InlineData("127.0.0.1:lots")]
    [InlineData("203.0.113.7:0")]
    public async Task An_address_that_cannot_be_listened_on_is_explained(string listen)
    {
        using var directory = new TempDirectory("broker");
        await Assert.ThrowsAsync<BrokerStartException>(() => BrokerServer.StartAsync(new BrokerOptions { Listen = listen, DataDirectory = directory.Path }));
    }
}
