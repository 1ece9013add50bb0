using System.Xml;
using Millrace.Broker.Log;

namespace Millrace.Broker.Sharing;

/// <summary><c>share.auto.offset.reset</c>: earliest, latest, or <c>by_duration:</c> and an ISO 8601 duration.</summary>
internal static class ShareOffsetReset
{
    private const string ByDuration = "by_duration:";

    public static bool IsValid(string text) => text.ToLowerInvariant() is "earliest" or "latest" || Duration(text) is not null;

    public static long Resolve(string text, PartitionLog log, long nowUnixMs)
    {
        if (string.Equals(text, "earliest", StringComparison.OrdinalIgnoreCase)) return log.LogStartOffset;
        return Duration(text) is { } duration && log.OffsetForTimestamp(nowUnixMs - (long)duration.TotalMilliseconds) is { } found ? found.Offset : log.LogEndOffset;
    }

    private static TimeSpan? Duration(string text)
    {
        if (!text.StartsWith(ByDuration, StringComparison.OrdinalIgnoreCase)) return null;
        try
        {
            var duration = XmlConvert.ToTimeSpan(text[ByDuration.Length..]);
            return duration >= TimeSpan.Zero ? duration : null;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return null;
        }
    }
}
