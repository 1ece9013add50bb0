using Millrace.Cli.Demo;
using Millrace.Samples.Bank.Audit;
using Millrace.Samples.Bank.Generator;
using Millrace.Samples.Bank.Model;

namespace Millrace.EndToEnd.Tests.Audit;

/// <summary>The audit cannot be fooled: whatever differs between PostgreSQL, the topics and ClickHouse is found, told, and makes the demo's exit code 1.</summary>
public sealed class BankAuditTests(AuditedBank bank) : IClassFixture<AuditedBank>
{
    private const string Synchronously = "SETTINGS mutations_sync = 2";
    private const string OneWindow = "(account_id, window_start) IN (SELECT account_id, window_start FROM good_account_activity_per_minute WHERE amount_out > 0 ORDER BY window_start, account_id LIMIT 1)";

    [Fact]
    public async Task What_arrived_as_it_was_committed_is_good_and_the_comparison_is_not_empty()
    {
        var report = await bank.AuditAsync();
        Assert.True(report.IsGood && IsZero(report), Words(report));
        Assert.True(report.Windows > 100, Words(report));
        Assert.True(report.AlertsExpected >= 4, Words(report));
        Assert.Equal((report.AlertsExpected, 0L), (report.AlertsRaised, report.AlertsUnexpected));
        Assert.Equal((report.Transactions, report.Transactions), (report.Rows, report.Processed));
    }

    [Theory]
    [InlineData("ALTER TABLE transactions_realtime UPDATE amount = amount + 1 WHERE transaction_id = (SELECT min(transaction_id) FROM good_transactions_realtime)", "wrong", 1, "amount is")]
    [InlineData("ALTER TABLE transactions_realtime UPDATE status = 'reversed', region = 'moon' WHERE transaction_id = (SELECT min(transaction_id) FROM good_transactions_realtime)", "wrong", 1, "region is moon")]
    [InlineData("ALTER TABLE transactions_realtime DELETE WHERE transaction_id = (SELECT min(transaction_id) FROM good_transactions_realtime)", "missing", 1, "not in ClickHouse")]
    [InlineData("INSERT INTO transactions_realtime SELECT * FROM good_transactions_realtime LIMIT 2", "twice", 2, "transactions in ClickHouse")]
    [InlineData("INSERT INTO transactions_realtime SELECT * REPLACE (generateUUIDv4() AS transaction_id) FROM good_transactions_realtime LIMIT 3", "phantom", 3, "transactions in ClickHouse")]
    public async Task Transactions_in_ClickHouse_are_compared_with_all_they_hold(string statement, string kind, long count, string words) =>
        Found(await bank.AuditAfterAsync("transactions_realtime", Now(statement)), kind, count, words);

    [Theory]
    [InlineData("INSERT INTO accounts_current SELECT * REPLACE (balance + if(account_id = 100001, toDecimal64(5, 2), toDecimal64(-5, 2)) AS balance, _version + 1 AS _version) FROM good_accounts_current FINAL WHERE account_id IN (100001, 100002)", "wrong", 2, "balance is")]
    [InlineData("INSERT INTO accounts_current SELECT * REPLACE (_version + 1 AS _version, 1 AS _deleted) FROM good_accounts_current FINAL WHERE account_id = 100001", "missing", 1, "100001")]
    [InlineData("INSERT INTO accounts_current SELECT * REPLACE (7 AS account_id, toDecimal64(0, 2) AS balance) FROM (SELECT * FROM good_accounts_current FINAL WHERE account_id = 100001)", "phantom", 1, "accounts in ClickHouse")]
    public async Task Accounts_are_compared_one_by_one_so_that_errors_cannot_cancel_out(string statement, string kind, long count, string words) =>
        Found(await bank.AuditAfterAsync("accounts_current", statement), kind, count, words);

    [Theory]
    [InlineData($"ALTER TABLE account_activity_per_minute DELETE WHERE {OneWindow}", "missing", 1, "closed minutes")]
    [InlineData($"INSERT INTO account_activity_per_minute SELECT * FROM good_account_activity_per_minute WHERE {OneWindow}", "twice", 1, "minutes of account activity in ClickHouse")]
    [InlineData($"ALTER TABLE account_activity_per_minute UPDATE amount_out = amount_out + 1 WHERE {OneWindow}", "wrong", 1, "amount_out is")]
    [InlineData($"ALTER TABLE account_activity_per_minute UPDATE declined = declined + 1 WHERE {OneWindow}", "wrong", 1, "declined is")]
    [InlineData($"ALTER TABLE account_activity_per_minute UPDATE transactions = transactions + 2 WHERE {OneWindow}", "twice", 2, "transactions is")]
    [InlineData($"ALTER TABLE account_activity_per_minute UPDATE transactions = transactions - 1 WHERE {OneWindow}", "missing", 1, "transactions is")]
    [InlineData($"INSERT INTO account_activity_per_minute SELECT * REPLACE (7 AS account_id) FROM (SELECT * FROM good_account_activity_per_minute WHERE {OneWindow})", "phantom", 1, "without a transaction")]
    public async Task Minutes_are_compared_account_by_account(string statement, string kind, long count, string words) =>
        Found(await bank.AuditAfterAsync("account_activity_per_minute", Now(statement)), kind, count, words);

    [Fact]
    public async Task No_minutes_at_all_are_no_excuse()
    {
        var report = await bank.AuditAfterAsync("account_activity_per_minute", "TRUNCATE TABLE account_activity_per_minute");
        Found(report, "missing", report.Windows, "closed minutes of account activity in ClickHouse");
    }

    [Theory]
    [InlineData("INSERT INTO fraud_alerts SELECT * FROM good_fraud_alerts LIMIT 1", "twice", 1, "alerts in ClickHouse")]
    [InlineData("ALTER TABLE fraud_alerts UPDATE amount = amount + 1 WHERE alert_id = (SELECT min(alert_id) FROM good_fraud_alerts)", "wrong", 1, "amount is")]
    [InlineData("ALTER TABLE fraud_alerts UPDATE transaction_ids = reverse(transaction_ids) WHERE alert_id = (SELECT min(alert_id) FROM good_fraud_alerts)", "wrong", 1, "transaction_ids is")]
    [InlineData("ALTER TABLE fraud_alerts DELETE WHERE alert_id = (SELECT min(alert_id) FROM good_fraud_alerts)", "missing", 1, "alerts in the topic but not in ClickHouse")]
    [InlineData("INSERT INTO fraud_alerts SELECT * REPLACE (generateUUIDv4() AS alert_id) FROM good_fraud_alerts LIMIT 1", "phantom", 1, "alerts in ClickHouse")]
    public async Task Alerts_in_ClickHouse_are_compared_with_all_they_hold(string statement, string kind, long count, string words) =>
        Found(await bank.AuditAfterAsync("fraud_alerts", Now(statement)), kind, count, words);

    [Fact]
    public async Task A_fraud_is_found_by_an_alert_about_its_own_transactions_only()
    {
        var report = await bank.AuditAfterBankAsync("fraud_cases", "UPDATE fraud_cases SET transaction_ids = ARRAY[gen_random_uuid()] WHERE case_id IN (SELECT case_id FROM fraud_cases ORDER BY case_id LIMIT 1)");
        Assert.Equal((report.AlertsExpected - 1, 1L), (report.AlertsRaised, report.AlertsUnexpected));
        Assert.True(!report.IsGood && !Verdict(report), Words(report));
        Assert.Contains(report.Findings, static f => f.Contains("frauds without an alert", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_topic_tells_and_PostgreSQL_does_not_have_is_found()
    {
        const string ofNoFraud = "SELECT transaction_id FROM transactions WHERE transaction_id NOT IN (SELECT unnest(transaction_ids) FROM fraud_cases) ORDER BY created_at LIMIT 1";
        Found(await bank.AuditAfterBankAsync("transactions", $"DELETE FROM transactions WHERE transaction_id IN ({ofNoFraud})"), "phantom", 2, "the topic that PostgreSQL does not have");
        Found(await bank.AuditAfterBankAsync("transactions", $"UPDATE transactions SET counterparty = 'nobody' WHERE transaction_id IN ({ofNoFraud})"), "wrong", 1, "transactions in the topic");
    }

    [Fact]
    public async Task Samples_that_were_never_seen_are_counted_however_many_wait()
    {
        var probe = new VisibilityProbe(bank.ClickHouse, new FastTime());
        var seen = (await bank.ClickHouse.QueryAsync("SELECT account_id, transaction_id FROM transactions_realtime LIMIT 1", TestContext.Current.CancellationToken))[0];
        for (var i = 0; i < 1_000; i++) probe.Committed(Commit(7, Guid.NewGuid()));
        probe.Committed(Commit(long.Parse(seen[0].ToString()), seen[1].GetGuid()));
        await probe.RunAsync(TimeSpan.FromSeconds(1), new CancellationToken(canceled: true));
        var measured = probe.Measured();
        Assert.Equal((1_001, 1_000), (measured.Samples, measured.Unseen));
        Assert.True(measured.P50 > 1_000, $"{measured}");

        static BankCommit Commit(long account, Guid id) => new(default, [new Transaction { AccountId = account, TransactionId = id }]);
    }

    private static string Now(string statement) => statement.StartsWith("ALTER", StringComparison.Ordinal) ? $"{statement} {Synchronously}" : statement;

    private static void Found(AuditReport report, string kind, long count, string words)
    {
        var counted = (report.Missing, report.Duplicates, report.Wrong, report.Phantoms);
        Assert.True(counted == (kind == "missing" ? count : 0, kind == "twice" ? count : 0, kind == "wrong" ? count : 0, kind == "phantom" ? count : 0), Words(report));
        Assert.Contains(report.Findings, f => f.StartsWith(kind, StringComparison.Ordinal) && f.Contains(words, StringComparison.Ordinal));
        Assert.False(Verdict(report), "the demo would end with code 0");
    }

    private static bool Verdict(AuditReport report) => DemoReport.From(report, Percentiles.Of([1], 0), new Dictionary<string, double?>(), 0, 0, 0, 1, []).IsGood;

    private static bool IsZero(AuditReport report) => report is { Missing: 0, Duplicates: 0, Wrong: 0, Phantoms: 0 } && Verdict(report);

    private static string Words(AuditReport report) => $"{report}: {string.Join("; ", report.Findings)}";

    // Each look at the clock is 50 ms later: every commit is a sample, and patience ends soon.
    private sealed class FastTime : TimeProvider
    {
        private long _now;

        public override long GetTimestamp() => Interlocked.Add(ref _now, TimestampFrequency / 20);
    }
}
