using Millrace.Protocol;
using Millrace.Protocol.Messages;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Tests.Server;

/// <summary>Requests that many tests send.</summary>
internal static class Requests
{
    public const long Now = 1_700_000_000_000;

    public static async Task<CreateTopicsResponse.CreatableTopicResult> CreateTopicAsync(this TestBroker broker, string name, int partitions = 1, params (string Name, string Value)[] configs)
    {
        var request = new CreateTopicsRequest { Topics = [new() { Name = name, NumPartitions = partitions, ReplicationFactor = 1, Configs = [.. configs.Select(c => new CreateTopicsRequest.CreatableTopicConfig { Name = c.Name, Value = c.Value })] }] };
        return (await broker.AskAsync(request, 7)).Topics.Single();
    }

    public static byte[] Batch(params string[] values)
    {
        var builder = new RecordBatchBuilder();
        foreach (string value in values) builder.Append(Now, null, value);
        return builder.Build();
    }

    public static ProduceRequest Produce(string topic, byte[] records, short acks = -1, int partition = 0) => new()
    {
        Acks = acks,
        TimeoutMs = 1000,
        TopicData = [new() { Name = topic, PartitionData = [new() { Index = partition, Records = records }] }],
    };

    public static FetchRequest Fetch(string topic, long offset, int maxWaitMs = 0, int minBytes = 1, int partition = 0) => new()
    {
        MaxWaitMs = maxWaitMs,
        MinBytes = minBytes,
        Topics = [new() { Topic = topic, Partitions = [new() { Partition = partition, FetchOffset = offset, PartitionMaxBytes = 1 << 20 }] }],
    };

    public static async Task<ProduceResponse.PartitionProduceResponse> ProduceAsync(this TestBroker broker, string topic, params string[] values) =>
        (await broker.AskAsync(Produce(topic, Batch(values)), 9)).Responses.Single().PartitionResponses.Single();

    public static async Task<FetchResponse.PartitionData> FetchAsync(this TestBroker broker, string topic, long offset, int maxWaitMs = 0) =>
        (await broker.AskAsync(Fetch(topic, offset, maxWaitMs), 12)).Responses.Single().Partitions.Single();

    public static List<string> Values(this FetchResponse.PartitionData data) =>
        [.. RecordBatch.ReadAll(data.Records!.Value).SelectMany(static b => b.Records().ToList()).Select(static r => System.Text.Encoding.UTF8.GetString(r.Value!.Value.Span))];
}
