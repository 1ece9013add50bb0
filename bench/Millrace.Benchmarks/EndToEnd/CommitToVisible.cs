using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Millrace.Benchmarks.EndToEnd;

/// <summary>
/// From the commit in PostgreSQL to the row in a ClickHouse query, everything on this machine: runs <c>./millrace demo --json</c>, the release as its users run it,
/// at 100 and 1,000 transactions per second, and then at doubling rates until the machine no longer bears them.
/// </summary>
internal static class CommitToVisible
{
    // Borne: the database took what was asked of it, and 99 % were visible within the goal.
    private const double TakenShare = 0.95;
    private const double GoalMilliseconds = 1_000;
    private const int HighestRate = 64_000;

    public static async Task<int> RunAsync(string duration, TextWriter output)
    {
        var program = Path.Combine(Root(), "millrace");
        await output.WriteLineAsync($"{Environment.ProcessorCount} cores, load before: {Load()}; {duration} each; milliseconds from commit to visible");
        await output.WriteLineAsync("| asked tx/s | committed tx/s | p50 | p95 | p99 | max | samples | missing | twice | platform MB | PostgreSQL MB | load after |");
        await output.WriteLineAsync("|---|---|---|---|---|---|---|---|---|---|---|---|");
        var good = true;
        for (var rate = 100; rate <= HighestRate; rate = rate == 100 ? 1_000 : rate * 2)
        {
            var report = await RunDemoAsync(program, rate, duration);
            var committed = report.GetProperty("commits").GetInt64() / report.GetProperty("seconds").GetDouble();
            var visible = report.GetProperty("visible_ms");
            var memory = report.GetProperty("memory_mb");
            var (missing, twice) = (report.GetProperty("missing").GetInt64(), report.GetProperty("duplicates").GetInt64());
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"| {rate:N0} | {committed:N0} | {visible.GetProperty("p50")} | {visible.GetProperty("p95")} | {visible.GetProperty("p99")} | {visible.GetProperty("max")} | {visible.GetProperty("samples")} | {missing} | {twice} | {memory.GetProperty("millrace").GetDouble() + memory.GetProperty("clickhouse").GetDouble():N0} | {memory.GetProperty("postgres").GetDouble():N0} | {Load()} |"));
            good &= missing == 0 && twice == 0;
            if (rate >= 1_000 && (committed < rate * TakenShare || !(visible.GetProperty("p99").GetDouble() < GoalMilliseconds))) break;
        }

        return good ? 0 : 1;
    }

    private static async Task<JsonElement> RunDemoAsync(string program, int rate, string duration)
    {
        using var demo = Process.Start(new ProcessStartInfo(program, ["demo", "--rate", $"{rate}", "--duration", duration, "--json", "--any-ports"]) { RedirectStandardOutput = true, UseShellExecute = false })
            ?? throw new InvalidOperationException($"{program} did not start.");
        var text = await demo.StandardOutput.ReadToEndAsync();
        await demo.WaitForExitAsync();
        return text.Length > 0 ? JsonElement.Parse(text) : throw new InvalidOperationException($"millrace demo ended with code {demo.ExitCode} and no report.");
    }

    private static string Load() => OperatingSystem.IsLinux() ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "?";

    private static string Root()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Millrace.slnx"))) return at.FullName;
        }

        throw new InvalidOperationException("The benchmark runs inside a checkout of the repository.");
    }
}
