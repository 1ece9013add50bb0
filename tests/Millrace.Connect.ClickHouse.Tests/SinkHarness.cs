using System.Net;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.ClickHouse;
using Millrace.TestKit;

[assembly: AssemblyFixture(typeof(Millrace.Connect.ClickHouse.Tests.ServerFixture))]

namespace Millrace.Connect.ClickHouse.Tests;

/// <summary>One ClickHouse for all tests.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private readonly TempDirectory _data = new("sink");

    public ClickHouseServer Server { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await ClickHouseServer.StartAsync(new ClickHouseOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), DataDirectory = _data });
        Http = new HttpClient { BaseAddress = Server.Address };
    }

    public async Task<string> AskAsync(string query)
    {
        using var content = new StringContent(query);
        using var response = await Http.PostAsync(new Uri("/", UriKind.Relative), content, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, text);
        return text.TrimEnd('\n');
    }

    public Dictionary<string, string> Config(params (string Key, string Value)[] more)
    {
        var config = new Dictionary<string, string>(StringComparer.Ordinal) { ["hostname"] = Server.Address.Host, ["port"] = Server.Address.Port.ToString(), ["linger.ms"] = "0" };
        foreach (var (key, value) in more)
            config[key] = value;
        return config;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        _data.Dispose();
    }
}

/// <summary>The runtime as a task sees it; refused records are kept.</summary>
internal sealed class TestContextOfTask(string connector) : SinkTaskContext
{
    internal List<(SinkRecord Record, Exception Error)> Reported { get; } = [];

    public override string ConnectorName => connector;

    public override int TaskId => 0;

    public override ILoggerFactory LoggerFactory => NullLoggerFactory.Instance;

    public override TimeProvider TimeProvider => TimeProvider.System;

    public override IReadOnlyCollection<TopicPartition> Assignment => [];

    public override void Seek(TopicPartition partition, long offset)
    {
    }

    public override void Pause(IReadOnlyCollection<TopicPartition> partitions)
    {
    }

    public override void Resume(IReadOnlyCollection<TopicPartition> partitions)
    {
    }

    public override void RequestCommit()
    {
    }

    public override ValueTask ReportAsync(SinkRecord record, Exception error, CancellationToken cancellationToken)
    {
        Reported.Add((record, error));
        return ValueTask.CompletedTask;
    }
}

internal static class Records
{
    internal static SinkRecord Of(string topic, int partition, long offset, object? value, object? key = null) => new()
    {
        Topic = topic,
        Partition = partition,
        OriginalTopic = topic,
        OriginalPartition = partition,
        Offset = offset,
        Timestamp = 1_700_000_000_123,
        Key = key,
        Value = value,
    };

    internal static Dictionary<string, object?> Map(params (string Key, object? Value)[] fields) => fields.ToDictionary(static f => f.Key, static f => f.Value, StringComparer.Ordinal);

    internal static Dictionary<string, object?> Change(string op, object? before, object? after, long lsn) =>
        Map(("op", op), ("before", before), ("after", after), ("source", Map(("lsn", lsn), ("table", "t"))), ("ts_ms", 1L));
}
