using System.Threading.Channels;
using Millrace.Samples.Bank.Generator;
using Millrace.Samples.Bank.Model;
using Npgsql;
using NpgsqlTypes;

namespace Millrace.Samples.Bank.Database;

/// <summary>
/// Commits the generator's transactions when they are due: each in a database transaction of its own, over a few connections, one account always on
/// the same connection, as a bank's services would.
/// </summary>
public sealed class BankWriter
{
    // Enough that commits wait for each other's fsync rather than for a connection.
    private const int Lanes = 8;

    // If the database falls behind for this many commits on a lane, the generator waits: nothing is dropped.
    private const int LaneCapacity = 20_000;

    private readonly NpgsqlDataSource _database;
    private readonly TimeProvider _time;
    private long _commits;
    private long _rows;

    /// <summary>A writer to a database made by <see cref="BankDatabase"/>.</summary>
    public BankWriter(NpgsqlDataSource database, TimeProvider time)
    {
        _database = database;
        _time = time;
    }

    /// <summary>Database transactions committed so far.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>Rows of <c>public.transactions</c> committed so far.</summary>
    public long Rows => Interlocked.Read(ref _rows);

    /// <summary>Told of every commit right after the database acknowledged it; called on the lanes, so it must be quick.</summary>
    public Action<BankCommit>? Committed { get; set; }

    /// <summary>Writes until <paramref name="end"/> or until stopped; what was begun is committed.</summary>
    public async Task RunAsync(IEnumerable<BankCommit> commits, DateTimeOffset? end, CancellationToken stop)
    {
        var lanes = Enumerable.Range(0, Lanes).Select(_ => Channel.CreateBounded<BankCommit>(LaneCapacity)).ToArray();
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var writers = lanes.Select(lane => DrainAsync(lane.Reader, failed)).ToArray();
        try
        {
            foreach (var commit in commits)
            {
                if (end is { } limit && commit.At >= limit) break;
                var wait = commit.At - _time.GetUtcNow();
                if (wait > TimeSpan.Zero) await Task.Delay(wait, _time, failed.Token);
                await lanes[commit.Rows[0].AccountId % Lanes].Writer.WriteAsync(commit, failed.Token);
            }
        }
        catch (OperationCanceledException) when (failed.IsCancellationRequested)
        {
            // Asked to stop, or a lane failed: its exception comes from WhenAll.
        }

        foreach (var lane in lanes) lane.Writer.Complete();
        await Task.WhenAll(writers);
    }

    private async Task DrainAsync(ChannelReader<BankCommit> lane, CancellationTokenSource failed)
    {
        try
        {
            await using var connection = await _database.OpenConnectionAsync(CancellationToken.None);
            await foreach (var commit in lane.ReadAllAsync(CancellationToken.None))
            {
                await WriteAsync(connection, commit);
                Interlocked.Increment(ref _commits);
                Interlocked.Add(ref _rows, commit.Rows.Count);
                Committed?.Invoke(commit);
            }
        }
        catch
        {
            await failed.CancelAsync();
            throw;
        }
    }

    private static async Task WriteAsync(NpgsqlConnection connection, BankCommit commit)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var row in commit.Rows)
        {
            var insert = new NpgsqlBatchCommand($"INSERT INTO public.transactions ({TransactionColumns.Names}) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)");
            foreach (var (type, value) in TransactionColumns.Values(row)) insert.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value ?? DBNull.Value });
            batch.BatchCommands.Add(insert);
        }

        // In the order of their numbers, so that two transfers in opposite directions do not wait for each other for ever.
        foreach (var row in commit.Rows.Where(BankDatabase.IsCompleted).OrderBy(r => r.AccountId))
        {
            batch.BatchCommands.Add(Command("UPDATE public.accounts SET balance = balance + $2, updated_at = $3 WHERE account_id = $1",
                (NpgsqlDbType.Bigint, row.AccountId), (NpgsqlDbType.Numeric, row.Amount), (NpgsqlDbType.TimestampTz, row.CreatedAt.UtcDateTime)));
        }

        foreach (var row in commit.Rows.Where(r => r.Type == TransactionTypes.TransferOut))
        {
            batch.BatchCommands.Add(Command("INSERT INTO public.outbox (id, aggregatetype, aggregateid, type, payload, created_at) VALUES ($1, 'transfers', $2, 'TransferSent', $3, $4)",
                (NpgsqlDbType.Uuid, row.TransactionId), (NpgsqlDbType.Text, $"{row.AccountId}"), (NpgsqlDbType.Jsonb, BankDatabase.OutboxPayload(row)), (NpgsqlDbType.TimestampTz, row.CreatedAt.UtcDateTime)));
        }

        if (commit.Case is { } fraud)
        {
            batch.BatchCommands.Add(Command("INSERT INTO public.fraud_cases (case_id, pattern, account_id, transaction_ids, committed_at) VALUES ($1, $2, $3, $4, $5)",
                (NpgsqlDbType.Uuid, fraud.CaseId), (NpgsqlDbType.Text, fraud.Pattern), (NpgsqlDbType.Bigint, fraud.AccountId),
                (NpgsqlDbType.Uuid | NpgsqlDbType.Array, fraud.TransactionIds.ToArray()), (NpgsqlDbType.TimestampTz, commit.At.UtcDateTime)));
        }

        await batch.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
    }

    private static NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<(NpgsqlDbType Type, object Value)> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var (type, value) in parameters) command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value });
        return command;
    }
}
