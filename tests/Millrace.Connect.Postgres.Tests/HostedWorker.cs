using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace Millrace.Connect.Postgres.Tests;

/// <summary>Lets this program be a worker instead of tests, so that a test can kill a real process: see <see cref="RunIfAsked"/>.</summary>
internal static class HostedWorker
{
    internal const string Variable = "MILLRACE_TEST_CONNECT_WORKER";

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "An executable, not a library.")]
    internal static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } settings) return;
        // A thread in the foreground: Main, asked for its help only, returns, and the process goes on. Waiting here instead would keep
        // other threads out of this module until the end.
        new Thread(() => RunAsync(JsonSerializer.Deserialize<Dictionary<string, string>>(settings)!).GetAwaiter().GetResult()) { IsBackground = false }.Start();
    }

    private static async Task RunAsync(Dictionary<string, string> settings)
    {
        await using var worker = await ConnectWorker.StartAsync(Bench.OptionsOf(settings["bootstrap"], settings["id"]), new ConnectPlugins().AddPostgres(), NullLoggerFactory.Instance);
        await worker.PutConnectorAsync("cdc", JsonSerializer.Deserialize<Dictionary<string, string>>(settings["config"])!);
        await using (var output = new StreamWriter(new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(1, ownsHandle: false), FileAccess.Write)))
        {
            await output.WriteLineAsync("ready");
        }

        await Task.Delay(Timeout.Infinite);
    }
}
