using System.Reflection;
using System.Runtime.InteropServices;

namespace Millrace.Kafka.Native;

/// <summary>
/// Finds the very file that Confluent.Kafka loads, so that both share one copy of librdkafka and its handles can be passed between them.
/// Confluent.Kafka tries the build with Kerberos first, which needs libsasl2.so.3, then the one without (<c>centos8-librdkafka</c>), then musl's.
/// </summary>
internal static class NativeLibraryResolver
{
    private static readonly string[] Glibc = ["librdkafka", "centos8-librdkafka", "alpine-librdkafka"];
    private static readonly string[] Musl = ["alpine-librdkafka"];

    internal static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != "librdkafka")
            return 0;
        var confluent = typeof(Confluent.Kafka.Library).Assembly;
        var candidates = RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal)
            || RuntimeInformation.RuntimeIdentifier.StartsWith("alpine", StringComparison.Ordinal) ? Musl : Glibc;
        foreach (var candidate in candidates)
        {
            if (NativeLibrary.TryLoad(candidate, confluent, searchPath, out var handle))
                return handle;
        }

        throw new DllNotFoundException(
            "librdkafka could not be loaded. It comes with the package librdkafka.redist for Linux (x64, arm64), macOS and Windows; "
            + $"this process runs as {RuntimeInformation.RuntimeIdentifier}. Publish for one of those runtimes, or put librdkafka beside the application.");
    }
}
