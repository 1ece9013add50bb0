using System.Text.Json.Serialization;

namespace Millrace.Samples.Bank.Model;

/// <summary>One row of <c>public.transactions</c>. Amounts are in the account's currency; money that leaves the account is negative.</summary>
public sealed record Transaction
{
    /// <summary>Primary key.</summary>
    [JsonPropertyName("transaction_id")]
    public Guid TransactionId { get; init; }

    /// <summary>The account whose balance it changes.</summary>
    [JsonPropertyName("account_id")]
    public long AccountId { get; init; }

    /// <summary>Positive: in; negative: out.</summary>
    [JsonPropertyName("amount")]
    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)]
    public decimal Amount { get; init; }

    /// <summary>ISO 4217.</summary>
    [JsonPropertyName("currency")]
    public string Currency { get; init; } = "KRW";

    /// <summary>One of <see cref="TransactionTypes"/>.</summary>
    [JsonPropertyName("transaction_type")]
    public string Type { get; init; } = string.Empty;

    /// <summary>completed, declined or reversed.</summary>
    [JsonPropertyName("status")]
    public string Status { get; init; } = "completed";

    /// <summary>When the customer acted: the event time.</summary>
    [JsonPropertyName("created_at")]
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Region of the place, or of the customer's home where there is no place.</summary>
    [JsonPropertyName("region")]
    public string Region { get; init; } = string.Empty;

    /// <summary>card-present, online, app, branch, atm or batch.</summary>
    [JsonPropertyName("channel")]
    public string Channel { get; init; } = string.Empty;

    /// <summary>The merchant of a card payment.</summary>
    [JsonPropertyName("merchant_id")]
    public long? MerchantId { get; init; }

    /// <summary>The other side of a transfer.</summary>
    [JsonPropertyName("counterparty")]
    public string? Counterparty { get; init; }

    /// <summary>The device that the customer acted from.</summary>
    [JsonPropertyName("device_id")]
    public string? DeviceId { get; init; }

    /// <summary>Degrees north, where the place is known.</summary>
    [JsonPropertyName("latitude")]
    public double? Latitude { get; init; }

    /// <summary>Degrees east, where the place is known.</summary>
    [JsonPropertyName("longitude")]
    public double? Longitude { get; init; }

    /// <summary>The payment that a refund gives back.</summary>
    [JsonPropertyName("refund_of")]
    public Guid? RefundOf { get; init; }
}

/// <summary>The values of <c>transactions.transaction_type</c>.</summary>
public static class TransactionTypes
{
    /// <summary>A card payment, at a till or online.</summary>
    public const string CardPayment = "card_payment";

    /// <summary>Money back from a merchant.</summary>
    public const string Refund = "refund";

    /// <summary>A transfer to another account.</summary>
    public const string TransferOut = "transfer_out";

    /// <summary>A transfer from another account.</summary>
    public const string TransferIn = "transfer_in";

    /// <summary>Wages.</summary>
    public const string Salary = "salary";

    /// <summary>Cash brought to a branch or a machine.</summary>
    public const string CashDeposit = "cash_deposit";

    /// <summary>Cash taken from a machine.</summary>
    public const string CashWithdrawal = "cash_withdrawal";
}
