using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Samples.Bank.Fraud;
using Millrace.Samples.Bank.Model;
using Millrace.Streams.Kafka;

namespace Millrace.Samples.Bank.Jobs;

/// <summary>One change of <c>public.transactions</c> in Debezium's envelope, as far as the jobs read it.</summary>
internal sealed record TransactionChange([property: JsonPropertyName("op")] string Op, [property: JsonPropertyName("after")] Transaction? After);

/// <summary>Source-generated JSON: no reflection at start, few allocations per record.</summary>
[JsonSerializable(typeof(TransactionChange))]
[JsonSerializable(typeof(FraudAlert))]
[JsonSerializable(typeof(MinuteActivity))]
internal sealed partial class BankJson : JsonSerializerContext;

/// <summary>New transactions out of the change topic. Rows that the snapshot delivers are history: they were judged when they were new.</summary>
internal sealed class NewTransactions : IKafkaDeserializer<Transaction>
{
    public bool TryDeserialize(in KafkaRecordView record, out Transaction value)
    {
        value = null!;
        if (record.IsTombstone) return false;
        var change = JsonSerializer.Deserialize(record.Value, BankJson.Default.TransactionChange) ?? throw new JsonException("the change is null");
        if (change.Op != "c") return false;
        value = change.After ?? throw new JsonException("a create without 'after'");
        return true;
    }
}
