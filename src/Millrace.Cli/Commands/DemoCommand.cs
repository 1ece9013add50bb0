using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Millrace.Cli.Demo;
using Millrace.Cli.Infrastructure;

namespace Millrace.Cli.Commands;

/// <summary><c>millrace demo</c>: the whole platform around a bank.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var command = new Command("demo", "Run a bank on the whole platform: PostgreSQL, capture, broker, fraud rules, ClickHouse and the console.");
        var duration = command.AddOption<TimeSpan?>("--duration", "how long the bank lives; until Ctrl+C unless set. At its end everything is counted and compared", null, "60s", static t => Durations.Parse(t, TimeSpan.FromSeconds(1), TimeSpan.FromDays(3650)));
        var rate = command.AddOption("--rate", "database transactions per second", 100.0, "N", static t => Number(t, 0.01, 100_000));
        var frauds = command.AddOption("--fraud-rate", "frauds per 1,000 transactions, after one of each kind at the start; 0 for none", 0.5, "N", static t => Number(t, 0, 1_000));
        var seed = command.AddOption("--seed", "the same seed gives the same bank, payments and frauds", 1UL, "N");
        var data = command.AddOption<string?>("--data", "directory to keep everything in, and to go on from; a temporary one unless set", null, "DIR", static t => t, ofCommand: true);
        var listen = command.AddListen("127.0.0.1:8080");
        var postgres = command.AddOption<string?>("--postgres", "a PostgreSQL to use instead of the embedded one: a superuser's connection string; wal_level=logical is needed", null, "\"Host=…;Database=…\"", static t => t);
        var clickhouse = command.AddOption<Uri?>("--clickhouse", "a ClickHouse to use instead of the embedded one: http://[USER:PASSWORD@]HOST:8123", null, "URL", ParseAddress);
        var settle = command.AddOption("--settle", "how long everything may take to arrive after the last commit", TimeSpan.FromSeconds(60), "60s", static t => Durations.Parse(t, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)));
        var anyPorts = command.AddOption("--any-ports", "take free ports instead of the usual ones (9092, 8083, 8082, 8123, 8080)", false);
        var json = command.AddOption("--json", "at the end print one JSON object, and nothing else, on standard output", false);
        var logLevel = command.AddLogLevel(LogLevel.Warning);
        command.WithExamples(
            "millrace demo",
            "millrace demo --duration 60s --rate 500 --json",
            "millrace demo --data ~/bank --rate 50",
            "millrace demo --postgres \"Host=db1;Database=bank;Username=postgres;Password=…\" --clickhouse http://clickhouse:8123");
        command.SetGuardedAction(async (parsed, cancellationToken) =>
        {
            var addresses = parsed.GetValue(anyPorts) ? DemoAddresses.AnyPorts : DemoAddresses.Usual;
            if (listen.IsChosen(parsed)) addresses = addresses with { Console = parsed.GetValue(listen)! };
            var options = new DemoOptions
            {
                Duration = parsed.GetValue(duration),
                Rate = parsed.GetValue(rate),
                FraudsPerThousand = parsed.GetValue(frauds),
                Seed = parsed.GetValue(seed),
                DataDirectory = parsed.GetValue(data),
                Postgres = parsed.GetValue(postgres),
                ClickHouse = parsed.GetValue(clickhouse),
                SettleTimeout = parsed.GetValue(settle),
                Addresses = addresses,
                Json = parsed.GetValue(json),
            };
            using var logging = Foreground.CreateLogging(parsed.GetValue(logLevel));
            var run = new DemoRun(options, logging, Say);
            var report = await run.RunAsync(address => options.Json ? SayAsync($"ready console {address}") : Foreground.Ready("console", address), cancellationToken);
            if (report is null) return 0;
            if (options.Json) await Terminal.Out.WriteLineAsync(Printer.ToJson(report));
            else PrintReport(report);
            return report.IsGood ? 0 : Boundary.Failed;
        });
        return command;
    }

    private static double Number(string text, double least, double most) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most} is possible"));

    private static Uri? ParseAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address : throw new FormatException("http://HOST:PORT is expected, such as http://127.0.0.1:8123");

    private static void Say(string line) => Terminal.Error.WriteLine($"demo: {line}");

    private static Task SayAsync(string line)
    {
        Say(line);
        return Task.CompletedTask;
    }

    private static void PrintReport(DemoReport report)
    {
        Terminal.Out.WriteLine($"{report.Transactions:N0} transactions in PostgreSQL, {report.Changes:N0} changes in the topics, {report.Processed:N0} processed, {report.Rows:N0} rows in ClickHouse");
        Terminal.Out.WriteLine($"{report.AlertsRaised} of {report.AlertsExpected} frauds found, {report.AlertsUnexpected} alerts without a fraud");
        Terminal.Out.WriteLine($"commit to visible: {report.VisibleMs.P50} ms (median), {report.VisibleMs.P95} ms (95 %), {report.VisibleMs.P99} ms (99 %){(report.VisibleMs.Unseen > 0 ? $"; {report.VisibleMs.Unseen} of {report.VisibleMs.Samples} samples were never seen" : "")}");
        Terminal.Out.WriteLine($"memory: {string.Join(", ", report.MemoryMb.Select(static m => $"{m.Key} {m.Value} MB"))}");
        Terminal.Out.WriteLine(report is { Missing: 0, Duplicates: 0, Wrong: 0, Phantoms: 0 }
            ? $"nothing is missing, nothing is there twice, everything is as it was committed; {report.Windows:N0} minutes of accounts add up"
            : $"{report.Missing} missing, {report.Duplicates} there twice, {report.Wrong} wrong, {report.Phantoms} never committed");
        foreach (var finding in report.Findings.Concat(report.Failures)) Terminal.Out.WriteLine($"  {finding}");
    }
}
