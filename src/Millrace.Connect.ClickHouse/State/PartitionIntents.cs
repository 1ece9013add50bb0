using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;

namespace Millrace.Connect.ClickHouse;

/// <summary>The range of offsets of one batch.</summary>
/// <param name="First">The first record's offset.</param>
/// <param name="Last">The last record's offset.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct OffsetRange(long First, long Last);

/// <summary>
/// The last batch that was begun for each partition, kept in ClickHouse. It is written before the batch. After a crash the batch with that range is
/// made again from the same records and inserted under the same token, so that ClickHouse drops what it has already.
/// </summary>
internal sealed class PartitionIntents(ClickHouseTarget target, string connector)
{
    private const string Table = "millrace_connect_state";

    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal) { ["async_insert"] = "0" };

    internal async Task CreateAsync(CancellationToken ct) => await target.QueryAsync(
        $"""
        CREATE TABLE IF NOT EXISTS {Table} (
            connector String, topic String, partition Int32, first Int64, last Int64, written_at DateTime64(3) DEFAULT now64(3)
        ) ENGINE = ReplacingMergeTree(last) ORDER BY (connector, topic, partition)
        """,
        ct);

    internal async Task<Dictionary<TopicPartition, OffsetRange>> ReadAsync(CancellationToken ct)
    {
        var rows = await target.QueryAsync(
            $"SELECT topic, partition, argMax(first, last), max(last) FROM {Table} WHERE connector = {ClickHouseTarget.Quote(connector)} GROUP BY topic, partition", ct);
        return rows.ToDictionary(
            static row => new TopicPartition(row[0], int.Parse(row[1], CultureInfo.InvariantCulture)),
            static row => new OffsetRange(long.Parse(row[2], CultureInfo.InvariantCulture), long.Parse(row[3], CultureInfo.InvariantCulture)));
    }

    /// <summary>Writes the intents of several partitions at once: one block, all or nothing.</summary>
    internal async Task WriteAsync(IEnumerable<(TopicPartition Partition, OffsetRange Range)> intents, CancellationToken ct)
    {
        var rows = new StringBuilder();
        foreach (var (partition, range) in intents)
        {
            rows.Append(CultureInfo.InvariantCulture, $"{{\"connector\":{JsonSerializer.Serialize(connector)},\"topic\":{JsonSerializer.Serialize(partition.Topic)}")
                .Append(CultureInfo.InvariantCulture, $",\"partition\":{partition.Partition.Value},\"first\":{range.First},\"last\":{range.Last}}}\n");
        }

        await target.InsertAsync($"INSERT INTO {Table} (connector, topic, partition, first, last) FORMAT JSONEachRow", Settings, Encoding.UTF8.GetBytes(rows.ToString()), ct);
    }

    internal string Token(TopicPartition partition, OffsetRange range) =>
        string.Create(CultureInfo.InvariantCulture, $"{connector}:{partition.Topic}:{partition.Partition.Value}:{range.First}-{range.Last}");
}
