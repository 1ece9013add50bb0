using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Millrace.Console.Tests.Support;

/// <summary>Topics, records and groups like those of the bank, so that the console has something to show.</summary>
public sealed class BankTraffic : IAsyncDisposable
{
    public const string Transactions = "cdc.transactions";
    public const string Accounts = "cdc.accounts";
    public const string Activity = "payments.account-activity.per-minute.v1";
    public const string FraudAlerts = "fraud.alerts.detected.v1";

    private static readonly string[] Merchants = ["Hangang Grocer", "Namsan Books", "Seoul Metro", "Mapo Noodles", "Jongno Pharmacy", "Gangnam Fitness"];
    private static readonly string[] Rules = ["velocity", "impossible_travel", "account_takeover", "structuring"];

    private readonly string _bootstrap;
    private readonly IProducer<string, string?> _producer;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _tasks = [];
    private readonly Random _random = new(20260704);
    private readonly Dictionary<int, decimal> _balances = [];
    private long _id = 1_000_000;

    private BankTraffic(string bootstrap)
    {
        _bootstrap = bootstrap;
        _producer = new ProducerBuilder<string, string?>(new ProducerConfig { BootstrapServers = bootstrap, LingerMs = 5, EnableIdempotence = true }).Build();
    }

    public static async Task<BankTraffic> StartAsync(string bootstrap, int perSecond = 200)
    {
        var traffic = new BankTraffic(bootstrap);
        await traffic.CreateTopicsAsync();
        for (var i = 0; i < 1000; i++) traffic.ProduceTransaction();
        for (var i = 0; i < 12; i++) traffic.ProduceAlert();
        traffic._producer.Flush(TimeSpan.FromSeconds(20));
        traffic._tasks.Add(Task.Run(() => traffic.ProduceAsync(perSecond)));
        traffic._tasks.Add(Task.Factory.StartNew(() => traffic.Consume("fraud-rules", Transactions, TimeSpan.Zero), TaskCreationOptions.LongRunning));
        traffic._tasks.Add(Task.Factory.StartNew(() => traffic.Consume("account-activity-per-minute", Transactions, TimeSpan.Zero), TaskCreationOptions.LongRunning));
        traffic._tasks.Add(Task.Factory.StartNew(() => traffic.Consume("connect-clickhouse-sink", Activity, TimeSpan.FromMilliseconds(40)), TaskCreationOptions.LongRunning));
        return traffic;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks);
        _producer.Dispose();
        _stop.Dispose();
    }

    private async Task CreateTopicsAsync()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _bootstrap }).Build();
        TopicSpecification[] topics =
        [
            new() { Name = Transactions, NumPartitions = 3 }, new() { Name = Activity, NumPartitions = 3 }, new() { Name = FraudAlerts, NumPartitions = 1 },
            new() { Name = Accounts, NumPartitions = 3, Configs = new Dictionary<string, string> { ["cleanup.policy"] = "compact" } },
        ];
        try
        {
            await admin.CreateTopicsAsync(topics);
        }
        catch (CreateTopicsException e) when (e.Results.TrueForAll(static result => !result.Error.IsError || result.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            // Left by an earlier run.
        }
    }

    private async Task ProduceAsync(int perSecond)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var ticks = 0;
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                for (var i = 0; i < perSecond / 20; i++) ProduceTransaction();
                if (++ticks % 2 == 0) ProduceActivity();
                if (ticks % 60 == 0) ProduceAlert();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private void ProduceTransaction()
    {
        var account = 1001 + _random.Next(400);
        var amount = Math.Round((decimal)Math.Exp(8 + (2.5 * _random.NextDouble())), 0);
        var id = ++_id;
        Produce(Transactions, $"{{\"id\":{id}}}", Envelope("transactions", "c", null, new
        {
            id,
            account_id = account,
            amount,
            currency = "KRW",
            transaction_type = "CARD_PAYMENT",
            merchant = Merchants[_random.Next(Merchants.Length)],
            status = "COMPLETED",
            region = "KR-11",
        }));
        if (_random.Next(4) != 0) return;
        var before = _balances.GetValueOrDefault(account, 2_500_000m);
        _balances[account] = before - amount;
        Produce(Accounts, $"{{\"id\":{account}}}", Envelope("accounts", "u",
            new { id = account, owner = "Kim Minjun", balance = before, currency = "KRW", status = "ACTIVE" },
            new { id = account, owner = "Kim Minjun", balance = before - amount, currency = "KRW", status = "ACTIVE" }));
    }

    private void ProduceActivity()
    {
        var account = 1001 + _random.Next(400);
        Produce(Activity, account.ToString(), JsonSerializer.Serialize(new { account_id = account, window_end = Now(), transactions = _random.Next(1, 9), total = _random.Next(5_000, 900_000) }));
    }

    private void ProduceAlert()
    {
        var account = 1001 + _random.Next(400);
        Produce(FraudAlerts, account.ToString(), JsonSerializer.Serialize(new
        {
            rule = Rules[_random.Next(Rules.Length)],
            account_id = account,
            severity = _random.Next(3) == 0 ? "HIGH" : "MEDIUM",
            detected_at = Now(),
            transactions = _random.Next(2, 9),
            window_seconds = 60,
            amount = _random.Next(100_000, 5_000_000),
            currency = "KRW",
        }));
    }

    private string Envelope(string table, string op, object? before, object? after) => JsonSerializer.Serialize(new
    {
        before,
        after,
        op,
        ts_ms = Now(),
        source = new { version = "1.0", connector = "postgresql", name = "cdc", ts_ms = Now(), snapshot = "false", db = "bank", schema = "public", table, txId = _id, lsn = 26_000_000_000L + (_id * 136) },
    });

    private static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private void Produce(string topic, string key, string value) => _producer.Produce(topic, new Message<string, string?>
    {
        Key = key,
        Value = value,
        Headers = [new Header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"u8.ToArray())],
    });

    private void Consume(string group, string topic, TimeSpan pause)
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
        {
            BootstrapServers = _bootstrap,
            GroupId = group,
            ClientId = group,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            AutoCommitIntervalMs = 500,
        }).Build();
        consumer.Subscribe(topic);
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                consumer.Consume(TimeSpan.FromMilliseconds(100));
                if (pause > TimeSpan.Zero) _stop.Token.WaitHandle.WaitOne(pause);
            }
        }
        finally
        {
            consumer.Close();
        }
    }
}
