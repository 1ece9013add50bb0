using System.Net;
using Millrace.ClickHouse;
using Millrace.TestKit;

namespace Millrace.Console.Tests.Support;

/// <summary>A ClickHouse with tables of payments that grow.</summary>
public sealed class BankTables : IAsyncDisposable
{
    private const string Columns =
        """
        generateUUIDv4(), 1001 + rand(1) % 400, round(exp(8 + rand(2) % 1000 / 250), 2), 'KRW',
        ['CARD_PAYMENT', 'CARD_PAYMENT', 'CARD_PAYMENT', 'TRANSFER', 'TRANSFER', 'SALARY', 'REFUND'][rand(3) % 7 + 1],
        ['COMPLETED', 'FAILED'][(rand(4) % 100 < 2) + 1]
        """;

    private readonly ClickHouseServer _server;
    private readonly TempDirectory _data;
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stop = new();
    private Task _writing = Task.CompletedTask;

    private BankTables(ClickHouseServer server, TempDirectory data)
    {
        _server = server;
        _data = data;
        _http = new HttpClient { BaseAddress = server.Address };
    }

    public Uri Address => _server.Address;

    public static async Task<BankTables> StartAsync()
    {
        var data = new TempDirectory("clickhouse");
        var tables = new BankTables(await ClickHouseServer.StartAsync(new ClickHouseOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0), DataDirectory = data }), data);
        await tables.RunAsync(
            """
            CREATE TABLE transactions_realtime (transaction_id UUID, account_id UInt64, amount Decimal64(2), currency LowCardinality(String), transaction_type LowCardinality(String),
                status LowCardinality(String), created_at DateTime64(3)) ENGINE = MergeTree ORDER BY (account_id, created_at)
            """);
        await tables.RunAsync("CREATE TABLE account_activity (account_id UInt64, window_end DateTime64(3), transactions UInt32, total Decimal64(2)) ENGINE = MergeTree ORDER BY (account_id, window_end)");
        await tables.RunAsync($"INSERT INTO transactions_realtime SELECT {Columns}, now64(3) - toIntervalMillisecond(rand(5) % 900000) FROM numbers(60000)");
        await tables.RunAsync("INSERT INTO account_activity SELECT 1001 + number % 400, now64(3) - toIntervalSecond(intDiv(number, 400) * 60), 1 + rand() % 9, round(exp(9 + rand(1) % 1000 / 300), 2) FROM numbers(6000)");
        tables._writing = Task.Run(tables.WriteAsync);
        return tables;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _writing;
        _http.Dispose();
        await _server.DisposeAsync();
        _data.Dispose();
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                await RunAsync($"INSERT INTO transactions_realtime SELECT {Columns}, now64(3) FROM numbers(35)");
                await RunAsync("INSERT INTO account_activity SELECT 1001 + rand(2) % 400, now64(3), 1 + rand() % 9, round(exp(9 + rand(1) % 1000 / 300), 2) FROM numbers(5)");
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task RunAsync(string statement)
    {
        using var content = new StringContent(statement);
        using var response = await _http.PostAsync(new Uri("/", UriKind.Relative), content, _stop.Token);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(_stop.Token));
    }
}
