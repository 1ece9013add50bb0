using System.Globalization;
using System.Text.Json;

namespace Millrace.Console.Backends;

/// <summary>Reading of other systems' JSON: a missing or odd field is a default, never an exception.</summary>
internal static class JsonReading
{
    public static string Text(this JsonElement element, string name, string missing = "") =>
        element.Get(name) is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } value ? value.ToString() : missing;

    public static long Long(this JsonElement element, string name, long missing = 0) => element.Get(name).AsLong(missing);

    public static long AsLong(this JsonElement value, long missing = 0) => value.ValueKind switch
    {
        JsonValueKind.Number => value.TryGetInt64(out var number) ? number : value.TryGetDouble(out var real) && Math.Abs(real) < 9e18 ? (long)real : missing,
        JsonValueKind.String => long.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed) ? parsed : missing,
        _ => missing,
    };

    public static double Double(this JsonElement element, string name, double missing = 0) =>
        element.Get(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : missing;

    public static bool Bool(this JsonElement element, string name) => element.Get(name).ValueKind == JsonValueKind.True;

    public static JsonElement Get(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) => element.Get(name).Items();

    public static IEnumerable<JsonElement> Items(this JsonElement element) => element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [];

    public static IEnumerable<JsonProperty> Fields(this JsonElement element) => element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : [];

    public static DateTimeOffset? Time(this JsonElement element, string name) =>
        element.Long(name, -1) is > 0 and < 253_402_300_799_999 and var milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;
}
