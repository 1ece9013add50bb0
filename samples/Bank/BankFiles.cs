namespace Millrace.Samples.Bank;

/// <summary>The sample's files, carried in its assembly.</summary>
public static class BankFiles
{
    /// <summary>The connector that captures the bank's tables.</summary>
    public static string PostgresConnector => Read("postgres-connector.json");

    /// <summary>The table of transactions for real-time analytics.</summary>
    public static string TransactionsTable => Read("transactions_realtime.sql");

    /// <summary>The other tables of the analytics database.</summary>
    public static string AnalyticsTables => Read("clickhouse.sql");

    /// <summary>Dashboards by file name.</summary>
    public static IReadOnlyDictionary<string, string> Dashboards =>
        typeof(BankFiles).Assembly.GetManifestResourceNames().Where(static n => n.StartsWith("dashboards/", StringComparison.Ordinal))
            .ToDictionary(static n => n["dashboards/".Length..], Read, StringComparer.Ordinal);

    internal static string Read(string name)
    {
        using var stream = typeof(BankFiles).Assembly.GetManifestResourceStream(name) ?? throw new FileNotFoundException($"The assembly has no file {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
