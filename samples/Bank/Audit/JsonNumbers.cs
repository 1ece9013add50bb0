using System.Text.Json;

namespace Millrace.Samples.Bank.Audit;

/// <summary>ClickHouse writes 64-bit integers as JSON strings, since JavaScript cannot hold them, unless it is told otherwise.</summary>
internal static class JsonNumbers
{
    public static long GetString64(this JsonElement element) => element.ValueKind == JsonValueKind.String ? long.Parse(element.GetString()!) : element.GetInt64();
}
