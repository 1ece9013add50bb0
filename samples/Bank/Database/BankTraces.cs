using Millrace.Samples.Bank.Generator;
using Npgsql;

namespace Millrace.Samples.Bank.Database;

/// <summary>
/// Reads out of the bank's own rows where earlier runs left its customers. History is left out, since the fraud rules have not seen it, and so are frauds, which are not the customers' doing.
/// </summary>
internal static class BankTraces
{
    public static async Task<IReadOnlyDictionary<long, CustomerTraces>> ReadAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT account_id,
                max(created_at) FILTER (WHERE transaction_type = 'card_payment'),
                max(created_at) FILTER (WHERE transaction_type = 'transfer_out'),
                max(created_at) FILTER (WHERE latitude IS NOT NULL),
                (array_agg(latitude ORDER BY created_at DESC) FILTER (WHERE latitude IS NOT NULL))[1],
                (array_agg(longitude ORDER BY created_at DESC) FILTER (WHERE latitude IS NOT NULL))[1],
                (array_agg(device_id ORDER BY created_at DESC) FILTER (WHERE device_id IS NOT NULL))[1],
                max(created_at) FILTER (WHERE device_id IS NOT NULL)
            FROM public.transactions
            WHERE created_at >= (SELECT min(started_at) FROM public.generator_runs)
                AND transaction_id NOT IN (SELECT unnest(transaction_ids) FROM public.fraud_cases)
            GROUP BY account_id
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var traces = new Dictionary<long, CustomerTraces>();
        while (await reader.ReadAsync(cancellationToken))
        {
            traces.Add(reader.GetInt64(0), new CustomerTraces(Time(1), Time(2), Time(3), Degrees(4), Degrees(5), reader.IsDBNull(6) ? null : reader.GetString(6), Time(7)));
        }

        return traces;

        DateTimeOffset? Time(int column) => reader.IsDBNull(column) ? null : new DateTimeOffset(reader.GetDateTime(column));
        double? Degrees(int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);
    }
}
