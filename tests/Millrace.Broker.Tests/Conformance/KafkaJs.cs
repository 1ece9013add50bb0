using Millrace.TestKit;

namespace Millrace.Broker.Tests.Conformance;

/// <summary>Installs kafkajs from npm, once for this user.</summary>
internal static class KafkaJs
{
    private const string Version = "2.2.4";

    private static readonly SemaphoreSlim Gate = new(1, 1);

    /// <summary>The folder for NODE_PATH; skips the test, with the reason, where npm cannot get it.</summary>
    public static async Task<string> InstallAsync()
    {
        string npm = InstalledProgram.Require("npm");
        string folder = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".cache", "millrace", "kafkajs-" + Version);
        string modules = Path.Combine(folder, "node_modules");
        await Gate.WaitAsync();
        try
        {
            if (File.Exists(Path.Combine(modules, "kafkajs", "package.json"))) return modules;
            Directory.CreateDirectory(folder);
            var (code, output) = await ChildProcess.RunAsync(npm, ["install", "--no-audit", "--no-fund", "--prefix", folder, "kafkajs@" + Version], timeout: TimeSpan.FromMinutes(3));
            Assert.SkipWhen(code != 0, $"npm could not install kafkajs {Version}: {output}");
            return modules;
        }
        finally
        {
            Gate.Release();
        }
    }
}
