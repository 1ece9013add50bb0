using BenchmarkDotNet.Attributes;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Benchmarks;

/// <summary>Reading and writing the two messages of the hot path: a produce request of four partitions, and the response to a fetch of four.</summary>
[MemoryDiagnoser]
public class ProtocolBenchmarks
{
    private const short ProduceVersion = 9;
    private const short FetchVersion = 12;
    private const int Partitions = 4;

    private byte[] _produce = [];
    private FetchResponse _fetch = new();

    /// <summary>Bytes of the records of each partition.</summary>
    [Params(1024, 64 * 1024)]
    public int RecordBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var request = new ProduceRequest { Acks = -1, TimeoutMs = 30_000, TopicData = [new() { Name = "payments.account-activity.per-minute.v1" }] };
        _fetch = new FetchResponse { Responses = [new() { Topic = request.TopicData[0].Name }] };
        for (int i = 0; i < Partitions; i++)
        {
            request.TopicData[0].PartitionData.Add(new() { Index = i, Records = new byte[RecordBytes] });
            _fetch.Responses[0].Partitions.Add(new() { PartitionIndex = i, HighWatermark = 1, Records = new byte[RecordBytes] });
        }

        var writer = new KafkaWriter(RecordBytes);
        request.Write(ref writer, ProduceVersion);
        using var message = writer.Complete();
        _produce = message.ToArray();
    }

    [Benchmark]
    public int ReadProduceRequest()
    {
        var reader = new KafkaReader(_produce);
        var request = new ProduceRequest();
        request.Read(ref reader, ProduceVersion);
        return request.TopicData.Count;
    }

    [Benchmark]
    public int WriteFetchResponse()
    {
        var writer = new KafkaWriter(512);
        _fetch.Write(ref writer, FetchVersion);
        using var message = writer.Complete();
        return message.TotalLength;
    }
}
