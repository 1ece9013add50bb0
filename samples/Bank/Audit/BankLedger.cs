using System.Runtime.InteropServices;
using Millrace.Samples.Bank.Database;
using Npgsql;

namespace Millrace.Samples.Bank.Audit;

/// <summary>A transaction's true contents, whole and as far as analytics has them.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LedgerRow(ulong All, ulong Analytics);

/// <summary>The truth: what PostgreSQL has. Rows stream through; of each transaction its key and two fingerprints are kept.</summary>
internal sealed class BankLedger(NpgsqlDataSource database)
{
    /// <summary>ClickHouse's table of transactions has the first columns of PostgreSQL's.</summary>
    public const int AnalyticsColumns = 8;

    public const string AccountColumns = "account_id, customer_id, kind, currency, balance, device_id, updated_at";

    public static IReadOnlyList<string> TransactionColumnNames { get; } = TransactionColumns.Names.Split(", ");

    public static IReadOnlyList<string> AccountColumnNames { get; } = AccountColumns.Split(", ");

    /// <summary>Reads all transactions.</summary>
    /// <param name="visit">Also called with the values of each row, in the order of <see cref="TransactionColumnNames"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<Dictionary<Guid, LedgerRow>> TransactionsAsync(Action<object?[]> visit, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<Guid, LedgerRow>();
        await ReadAsync($"SELECT {TransactionColumns.Names} FROM public.transactions", values =>
        {
            rows.Add((Guid)values[0]!, new LedgerRow(RowFingerprint.Of(values), RowFingerprint.Of(values.AsSpan(0, AnalyticsColumns))));
            visit(values);
        }, cancellationToken);
        return rows;
    }

    /// <summary>Reads all accounts.</summary>
    public async Task<Dictionary<long, ulong>> AccountsAsync(CancellationToken cancellationToken)
    {
        var rows = new Dictionary<long, ulong>();
        await ReadAsync($"SELECT {AccountColumns} FROM public.accounts", values => rows.Add((long)values[0]!, RowFingerprint.Of(values)), cancellationToken);
        return rows;
    }

    public async Task<object?[]> TransactionAsync(Guid id, CancellationToken cancellationToken)
    {
        object?[] row = [];
        await ReadAsync($"SELECT {TransactionColumns.Names} FROM public.transactions WHERE transaction_id = $1", values => row = values, cancellationToken, id);
        return row;
    }

    public async Task<object?[]> AccountAsync(long id, CancellationToken cancellationToken)
    {
        object?[] row = [];
        await ReadAsync($"SELECT {AccountColumns} FROM public.accounts WHERE account_id = $1", values => row = values, cancellationToken, id);
        return row;
    }

    /// <summary>Runs a query and shows the values of each row.</summary>
    public async Task ReadAsync(string sql, Action<object?[]> visit, CancellationToken cancellationToken, params IReadOnlyList<object> parameters)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var parameter in parameters) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var values = new object?[reader.FieldCount];
            for (var i = 0; i < values.Length; i++) values[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            visit(values);
        }
    }
}
