using System.Text.Json;
using Millrace.Samples.Bank;
using Millrace.Samples.Bank.Audit;

namespace Millrace.Cli.Demo;

/// <summary>The demo's connectors: the bank's capture as its file stands, and the sinks into ClickHouse.</summary>
internal static class BankConnectors
{
    public static IEnumerable<(string Name, Dictionary<string, string> Config)> All(Uri clickhouse)
    {
        using var capture = JsonDocument.Parse(BankFiles.PostgresConnector);
        yield return (capture.RootElement.GetProperty("name").GetString()!,
            capture.RootElement.GetProperty("config").EnumerateObject().ToDictionary(static p => p.Name, static p => p.Value.GetString()!, StringComparer.Ordinal));
        yield return Sink("clickhouse-transactions", BankTopics.Transactions, "transactions_realtime", 100);
        yield return Sink("clickhouse-accounts", BankTopics.Accounts, "accounts_current", 500);
        yield return Sink("clickhouse-activity", BankTopics.Activity, "account_activity_per_minute", 500);
        yield return Sink("clickhouse-alerts", BankTopics.Alerts, "fraud_alerts", 100);

        (string, Dictionary<string, string>) Sink(string name, string topic, string table, int lingerMs) => (name, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["connector.class"] = "com.clickhouse.kafka.connect.ClickHouseSinkConnector",
            ["tasks.max"] = "1",
            ["topics"] = topic,
            ["hostname"] = clickhouse.Host,
            ["port"] = $"{clickhouse.Port}",
            ["database"] = "default",
            ["username"] = ClickHouseAccess.Of(clickhouse).User,
            ["password"] = ClickHouseAccess.Of(clickhouse).Password ?? string.Empty,
            ["topic2TableMap"] = $"{topic}={table}",
            ["exactlyOnce"] = "true",
            // Every insert is a part that ClickHouse merges: few larger ones cost a fraction of many small ones.
            ["linger.ms"] = $"{lingerMs}",
        });
    }

    /// <summary>Where the sinks find ClickHouse in this run, as a worker's overrides.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Addresses(IEnumerable<(string Name, Dictionary<string, string> Config)> connectors) =>
        from connector in connectors
        from key in (string[])["hostname", "port", "username", "password"]
        where connector.Config.ContainsKey(key)
        select KeyValuePair.Create($"{connector.Name}:{key}", connector.Config[key]);
}
