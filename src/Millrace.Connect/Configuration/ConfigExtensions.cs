using System.Globalization;

namespace Millrace.Connect.Configuration;

/// <summary>Typed reading of a configuration whose values were validated.</summary>
public static class ConfigExtensions
{
    /// <summary>The text of a key, or its default.</summary>
    public static string? GetText(this IReadOnlyDictionary<string, string> config, ConfigDefinition definition, string key) =>
        config.TryGetValue(key, out var text) ? text : definition.Keys.First(k => k.Name == key).Default;

    /// <summary>A boolean.</summary>
    public static bool GetBoolean(this IReadOnlyDictionary<string, string> config, string key, bool defaultValue) =>
        config.TryGetValue(key, out var text) ? bool.Parse(text.Trim()) : defaultValue;

    /// <summary>An integer.</summary>
    public static int GetInt32(this IReadOnlyDictionary<string, string> config, string key, int defaultValue) =>
        config.TryGetValue(key, out var text) ? int.Parse(text.Trim(), CultureInfo.InvariantCulture) : defaultValue;

    /// <summary>A long integer.</summary>
    public static long GetInt64(this IReadOnlyDictionary<string, string> config, string key, long defaultValue) =>
        config.TryGetValue(key, out var text) ? long.Parse(text.Trim(), CultureInfo.InvariantCulture) : defaultValue;

    /// <summary>A text, never null.</summary>
    public static string GetString(this IReadOnlyDictionary<string, string> config, string key, string defaultValue) =>
        config.TryGetValue(key, out var text) ? text : defaultValue;

    /// <summary>A list: parts between commas, trimmed, without empty ones.</summary>
    public static IReadOnlyList<string> GetList(this IReadOnlyDictionary<string, string> config, string key) =>
        config.TryGetValue(key, out var text) ? text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [];

    /// <summary>The keys below a prefix, without it.</summary>
    public static Dictionary<string, string> WithPrefix(this IReadOnlyDictionary<string, string> config, string prefix) =>
        config.Where(p => p.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(p => p.Key[prefix.Length..], p => p.Value, StringComparer.Ordinal);
}
