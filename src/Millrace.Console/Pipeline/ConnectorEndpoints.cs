using System.Text.RegularExpressions;
using Millrace.Console.Backends.ClickHouse;
using Millrace.Console.Backends.Connect;
using Millrace.Console.Backends.Kafka;

namespace Millrace.Console.Pipeline;

/// <summary>Reads from a connector's configuration what it joins: the keys are those of Debezium's, ClickHouse's and JDBC's connectors.</summary>
internal static class ConnectorEndpoints
{
    private static readonly TimeSpan RegexLimit = TimeSpan.FromMilliseconds(100);

    public static (string Kind, string Name) SourceOf(Connector connector)
    {
        var kind = KindOf(connector.ClassName);
        var config = connector.Config;
        var name = config.GetValueOrDefault("database.dbname") ?? config.GetValueOrDefault("database.names") ?? config.GetValueOrDefault("database.include.list")
            ?? config.GetValueOrDefault("file") ?? config.GetValueOrDefault("source.cluster.alias") ?? config.GetValueOrDefault("database.hostname") ?? connector.Name;
        return (kind, name);
    }

    public static (string Kind, string Name) StoreOf(Connector connector)
    {
        var config = connector.Config;
        var name = config.GetValueOrDefault("database") ?? config.GetValueOrDefault("file") ?? config.GetValueOrDefault("hostname") ?? config.GetValueOrDefault("connection.url") ?? connector.Name;
        return (KindOf(connector.ClassName), Secrets.Show("name", name));
    }

    /// <summary>The topics that a connector writes or reads: as its worker has seen, else as it is configured.</summary>
    public static IReadOnlyList<string> TopicsOf(Connector connector, KafkaSnapshot kafka)
    {
        if (connector.Topics.Count > 0) return connector.Topics;
        var config = connector.Config;
        if ((config.GetValueOrDefault("topics") ?? config.GetValueOrDefault("topic")) is { Length: > 0 } listed)
            return listed.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (config.GetValueOrDefault("topics.regex") is { Length: > 0 } pattern)
        {
            try
            {
                return [.. kafka.Topics.Select(static topic => topic.Name).Where(name => Regex.IsMatch(name, $"^(?:{pattern})$", RegexOptions.None, RegexLimit))];
            }
            catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException)
            {
                return [];
            }
        }

        return [];
    }

    /// <summary>Whether a sink writes to this table: named in topic2TableMap, in a table key, or like one of its topics.</summary>
    public static bool Feeds(Connector connector, StoredTable table)
    {
        if (!connector.ClassName.Contains("clickhouse", StringComparison.OrdinalIgnoreCase)) return false;
        var config = connector.Config;
        if (config.GetValueOrDefault("database") is { Length: > 0 } database && database != table.Database) return false;
        var mapped = (config.GetValueOrDefault("topic2TableMap") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(static pair => pair.Split('=', 2)).Where(static pair => pair.Length == 2).ToDictionary(static pair => pair[0].Trim(), static pair => pair[1].Trim(), StringComparer.Ordinal);
        if (mapped.ContainsValue(table.Name)) return true;
        var topics = connector.Topics.Count > 0 ? connector.Topics : (config.GetValueOrDefault("topics") ?? "").Split(',', StringSplitOptions.TrimEntries);
        return topics.Where(topic => !mapped.ContainsKey(topic)).Any(topic => topic == table.Name || topic.Replace('.', '_').Replace('-', '_') == table.Name)
            || config.Any(pair => pair.Key.Contains("table", StringComparison.OrdinalIgnoreCase) && pair.Key != "table.include.list"
                && pair.Value.Split(',', '=', ';', ' ').Any(part => part == table.Name || part == table.FullName));
    }

    private static string KindOf(string className)
    {
        foreach (var (mark, kind) in (ReadOnlySpan<(string, string)>)[("postgres", "PostgreSQL"), ("mysql", "MySQL"), ("mariadb", "MariaDB"), ("clickhouse", "ClickHouse"), ("mirror", "Kafka"), ("file", "File"), ("jdbc", "JDBC"), ("oracle", "Oracle"), ("sqlserver", "SQL Server"), ("mongo", "MongoDB")])
        {
            if (className.Contains(mark, StringComparison.OrdinalIgnoreCase)) return kind;
        }

        return className.Length == 0 ? "Unknown" : className[(className.LastIndexOf('.') + 1)..];
    }
}
