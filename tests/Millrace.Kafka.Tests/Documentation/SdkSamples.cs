using System.Text.Json.Serialization;
using Confluent.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.Hosting;
using Millrace.Kafka.Producing;
using Millrace.Schemas.Avro;
using Millrace.Schemas.Serialization;

namespace Millrace.Kafka.Tests.Documentation;

public sealed record PaymentCreated(string Id, string AccountId, decimal Amount);

[JsonSerializable(typeof(PaymentCreated))]
internal sealed partial class PaymentJson : JsonSerializerContext;

public sealed class PaymentHandler : IMessageHandler<string, PaymentCreated>
{
    public Task HandleAsync(ConsumedRecord<string, PaymentCreated> record, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>The code of docs/sdk.md: each line of it must be found here, and this must compile.</summary>
public sealed class SdkSamples
{
    [Fact]
    public void Each_line_of_code_in_the_docs_is_compiled_here()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Millrace.slnx")))
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("The repository's root is not found above the tests.");
        var source = Lines(File.ReadAllText(Path.Combine(root, "tests/Millrace.Kafka.Tests/Documentation/SdkSamples.cs"))).ToHashSet(StringComparer.Ordinal);
        var blocks = File.ReadAllText(Path.Combine(root, "docs/sdk.md")).Split("```csharp")[1..];
        Assert.NotEmpty(blocks);
        foreach (var line in blocks.SelectMany(b => Lines(b[..b.IndexOf("```", StringComparison.Ordinal)])))
            Assert.Contains(line, source);
    }

    internal static void Configure(HostApplicationBuilder builder)
    {
        builder.Services.AddMillraceKafka(builder.Configuration)
            .AddProducer<string, PaymentCreated>("payments.transactions.created.v1")
            .AddConsumer<string, PaymentCreated, PaymentHandler>("payments.transactions.created.v1", "ledger");
    }

    internal static void AddSerdes(MillraceKafkaBuilder kafka, ISchemaIds schemaIds)
    {
        kafka.AddSerde(Serdes.Json(PaymentJson.Default.PaymentCreated));   // source-generated
        kafka.AddSerde(AvroSerde.Generic(schemaIds));                      // Confluent's wire format
    }

    internal static async Task<PartitionOffset> SendAsync(IKafkaProducer<string, PaymentCreated> producer, PaymentCreated payment)
    {
        var at = await producer.SendAsync(payment.AccountId, payment, new SendOptions { EventId = payment.Id });
        return at;
    }

    internal static async Task TransferAsync(IKafkaProducer<string, PaymentCreated> producer, PaymentCreated debit, PaymentCreated credit)
    {
        await using var transaction = await producer.BeginTransactionAsync();
        await transaction.SendAsync(producer, "account-1", debit);
        await transaction.SendAsync(producer, "account-2", credit);
        await transaction.CommitAsync();
    }

    internal static long Read(IReadOnlyDictionary<string, string> config, IReadOnlyList<PartitionOffset> finished)
    {
        var total = 0L;
        using var reader = KafkaRecordReader.Create(config);
        reader.Subscribe(["payments.transactions.created.v1"], new RebalanceHandlers
        {
            Assigned = partitions => null,                    // or the offsets to start from
            Revoked = partitions => reader.Commit(finished),  // the last chance
        });
        using var batch = reader.ReadBatch(TimeSpan.FromMilliseconds(100));
        foreach (var record in batch)
            total += record.Value.Length;
        return total;
    }

    internal static void SendOffsets(IProducer<byte[], byte[]> producer, GroupMetadata group) =>
        producer.SendOffsets([new PartitionOffset("t", 0, 42) { Metadata = "checkpoint-7" }], group, TimeSpan.FromSeconds(30));

    private static IEnumerable<string> Lines(string text) => text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0);
}
