namespace Millrace.Protocol.Generator;

/// <summary>Tests of the version that the generated code carries.</summary>
internal static class Conditions
{
    /// <summary>The test for a range of versions, empty where every version of the message is in it.</summary>
    public static string Of(WireMessage message, VersionRange range, string prefix)
    {
        bool low = range.Low > message.Versions.Low;
        bool high = range.High < message.Versions.High;
        if (low && high) return prefix + (range.Low == range.High ? $"version == {range.Low}" : $"version >= {range.Low} && version <= {range.High}");
        if (low) return prefix + $"version >= {range.Low}";
        return high ? prefix + $"version <= {range.High}" : "";
    }
}
