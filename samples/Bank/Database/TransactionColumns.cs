using Millrace.Samples.Bank.Model;
using NpgsqlTypes;

namespace Millrace.Samples.Bank.Database;

/// <summary>The columns of <c>public.transactions</c> in one order, for COPY and INSERT alike.</summary>
internal static class TransactionColumns
{
    public const string Names =
        "transaction_id, account_id, amount, currency, transaction_type, status, created_at, region, channel, merchant_id, counterparty, device_id, latitude, longitude, refund_of";

    public static IEnumerable<(NpgsqlDbType Type, object? Value)> Values(Transaction row)
    {
        yield return (NpgsqlDbType.Uuid, row.TransactionId);
        yield return (NpgsqlDbType.Bigint, row.AccountId);
        yield return (NpgsqlDbType.Numeric, row.Amount);
        yield return (NpgsqlDbType.Char, row.Currency);
        yield return (NpgsqlDbType.Text, row.Type);
        yield return (NpgsqlDbType.Text, row.Status);
        yield return (NpgsqlDbType.TimestampTz, row.CreatedAt.UtcDateTime);
        yield return (NpgsqlDbType.Text, row.Region);
        yield return (NpgsqlDbType.Text, row.Channel);
        yield return (NpgsqlDbType.Bigint, row.MerchantId);
        yield return (NpgsqlDbType.Text, row.Counterparty);
        yield return (NpgsqlDbType.Text, row.DeviceId);
        yield return (NpgsqlDbType.Double, row.Latitude);
        yield return (NpgsqlDbType.Double, row.Longitude);
        yield return (NpgsqlDbType.Uuid, row.RefundOf);
    }
}
