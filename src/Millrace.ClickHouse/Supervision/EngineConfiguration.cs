using System.Xml.Linq;

namespace Millrace.ClickHouse;

/// <summary>Writes ClickHouse's own configuration file for the child: few threads, small caches.</summary>
internal static class EngineConfiguration
{
    // Each mark cache entry saves one small read; 16 MiB hold the marks of hundreds of parts.
    private const int MarkCacheBytes = 16 << 20;

    internal static string Render(ClickHouseOptions options, string users)
    {
        static XElement Value(string name, object value) => new(name, value);
        var fsync = options.FsyncInserts ? 1 : 0;
        return new XElement(
            "clickhouse",
            new XElement("logger", Value("level", "none")),
            Value("users_config", users),
            Value("timezone", options.TimeZone),
            Value("max_server_memory_usage", options.MaxMemory),
            Value("mark_cache_size", MarkCacheBytes),
            Value("uncompressed_cache_size", 0),
            Value("background_pool_size", 2),
            Value("background_move_pool_size", 1),
            Value("background_fetches_pool_size", 1),
            Value("background_common_pool_size", 2),
            Value("background_schedule_pool_size", 8),
            Value("background_message_broker_schedule_pool_size", 4),
            new XElement(
                "merge_tree",
                Value("fsync_after_insert", fsync),
                Value("fsync_part_directory", fsync),
                // These thresholds must be below the small pool's size.
                Value("number_of_free_entries_in_pool_to_lower_max_size_of_merge", 1),
                Value("number_of_free_entries_in_pool_to_execute_mutation", 1),
                Value("number_of_free_entries_in_pool_to_execute_optimize_entire_partition", 1)),
            new XElement(
                "kafka",
                // A broker that comes back is found again within a second, one that is not there costs little.
                Value("reconnect_backoff_ms", 100),
                Value("reconnect_backoff_max_ms", 1000))).ToString();
    }
}
