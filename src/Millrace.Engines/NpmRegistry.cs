using System.Collections;
using System.Diagnostics;
using System.Text.Json;

namespace Millrace.Engines;

/// <summary>A package's place in a registry: the tarball's address and what to send and check with it.</summary>
/// <param name="Registry">The registry that was resolved.</param>
/// <param name="Tarball">The tarball's address.</param>
/// <param name="Authorization">The header to send, or null.</param>
/// <param name="Integrity">The digest that the registry states, or null.</param>
internal sealed record NpmTarball(Uri Registry, Uri Tarball, string? Authorization, string? Integrity);

/// <summary>Finds packages in the npm registry that this machine is configured for.</summary>
internal static class NpmRegistry
{
    private static readonly TimeSpan NpmPatience = TimeSpan.FromSeconds(10);

    internal static IReadOnlyDictionary<string, string> Environment()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
            all[(string)entry.Key] = (string?)entry.Value ?? "";
        return all;
    }

    /// <summary>Resolves the registry and asks it for the package's tarball.</summary>
    internal static async Task<NpmTarball> LocateAsync(HttpClient http, EnginePackage package, NpmConfiguration configuration, CancellationToken ct)
    {
        var registry = configuration.RegistryFor(package.Name)
            ?? NpmConfiguration.ParseRegistry(await AskNpmAsync(ct))
            ?? new Uri(NpmConfiguration.PublicRegistry);
        var authorization = configuration.AuthorizationFor(registry);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(registry, $"{package.Name.Replace("/", "%2f", StringComparison.Ordinal)}/{package.Version}"));
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var response = await http.SendAsync(request, ct);
        if (!response.IsSuccessStatusCode)
        {
            // Some mirrors serve tarballs by npm's naming rule but no metadata of one version.
            return new NpmTarball(registry, ByNamingRule(registry, package), authorization, null);
        }

        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(ct));
        var dist = document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("dist", out var found) ? found : default;
        return new NpmTarball(
            registry,
            Tarball(registry, package, Text(dist, "tarball")),
            authorization,
            Text(dist, "integrity"));
    }

    private static Uri Tarball(Uri registry, EnginePackage package, string? stated)
    {
        if (stated is null || !Uri.TryCreate(stated, UriKind.Absolute, out var tarball))
            return ByNamingRule(registry, package);

        // As npm does (replace-registry-host): a mirror may repeat the public registry's addresses, which this machine may not reach.
        var isPublic = tarball.Host == new Uri(NpmConfiguration.PublicRegistry).Host;
        return isPublic && registry.Host != tarball.Host ? ByNamingRule(registry, package) : tarball;
    }

    private static Uri ByNamingRule(Uri registry, EnginePackage package) => new(registry, $"{package.Name}/-/{package.BareName}-{package.Version}.tgz");

    private static string? Text(JsonElement dist, string name) =>
        dist.ValueKind == JsonValueKind.Object && dist.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    // npm knows built-in configuration that no file in the usual places shows.
    private static async Task<string?> AskNpmAsync(CancellationToken ct)
    {
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
            timeout.CancelAfter(NpmPatience);
            using var npm = Process.Start(new ProcessStartInfo("npm", ["config", "get", "registry"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            });
            if (npm is null)
                return null;
            npm.StandardInput.Close();
            npm.BeginErrorReadLine();
            var text = await npm.StandardOutput.ReadToEndAsync(timeout.Token);
            await npm.WaitForExitAsync(timeout.Token);
            return npm.ExitCode == 0 ? text.Trim() : null;
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is System.ComponentModel.Win32Exception or OperationCanceledException or IOException)
        {
            return null;
        }
    }
}
