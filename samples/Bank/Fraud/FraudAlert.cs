using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using System.Text.Json.Serialization;

namespace Millrace.Samples.Bank.Fraud;

/// <summary>An alert, as the topic <c>fraud.alerts.detected.v1</c> carries it.</summary>
public sealed record FraudAlert
{
    /// <summary>Made from rule, account and first evidence, so that a repetition has the same id.</summary>
    [JsonPropertyName("alert_id")]
    public Guid AlertId { get; init; }

    /// <summary>The rule that found it: one of <see cref="Generator.FraudPatterns"/>.</summary>
    [JsonPropertyName("rule")]
    public string Rule { get; init; } = string.Empty;

    /// <summary>The account it is about.</summary>
    [JsonPropertyName("account_id")]
    public long AccountId { get; init; }

    /// <summary>Event time of the latest evidence.</summary>
    [JsonPropertyName("occurred_at")]
    public DateTimeOffset OccurredAt { get; init; }

    /// <summary>For the person who calls the customer.</summary>
    [JsonPropertyName("description")]
    public string Description { get; init; } = string.Empty;

    /// <summary>Money involved, in the account's currency.</summary>
    [JsonPropertyName("amount")]
    public decimal Amount { get; init; }

    /// <summary>The transactions that show it, in the order of event time.</summary>
    [JsonPropertyName("transaction_ids")]
    public IReadOnlyList<Guid> TransactionIds { get; init; } = [];

    internal static FraudAlert From(string rule, long account, IReadOnlyList<Activity> evidence, string description)
    {
        Span<byte> seed = stackalloc byte[128];
        var length = Encoding.UTF8.GetBytes(rule, seed);
        BinaryPrimitives.WriteInt64LittleEndian(seed[length..], account);
        evidence[0].Id.TryWriteBytes(seed[(length + 8)..]);
        Span<byte> id = stackalloc byte[16];
        XxHash128.Hash(seed[..(length + 24)], id);
        return new FraudAlert
        {
            AlertId = new Guid(id),
            Rule = rule,
            AccountId = account,
            OccurredAt = evidence[^1].At,
            Description = description,
            Amount = evidence.Sum(e => Math.Abs(e.Amount)),
            TransactionIds = [.. evidence.Select(e => e.Id)],
        };
    }
}
