using Microsoft.Extensions.Logging;
using Millrace.Samples.Bank.Audit;
using Millrace.Samples.Bank.Database;
using Millrace.Samples.Bank.Generator;

namespace Millrace.Cli.Demo;

/// <summary>Runs the bank on the platform, waits until everything has arrived, and lets the audit judge.</summary>
internal sealed class DemoRun(DemoOptions options, ILoggerFactory logging, Action<string> say)
{
    // Long enough that a fraud that begins just before the end is complete at the end.
    private static readonly TimeSpan _longestFraud = TimeSpan.FromSeconds(25);
    private readonly TimeProvider _time = TimeProvider.System;

    public async Task<DemoReport?> RunAsync(Func<string, Task> ready, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var temporary = options.DataDirectory is null;
        var directory = Path.GetFullPath(options.DataDirectory ?? Directory.CreateTempSubdirectory("millrace-demo-").FullName);
        Directory.CreateDirectory(directory);
        try
        {
            var bank = new BankOptions { Rate = options.Rate, Seed = options.Seed };
            await using var platform = await DemoPlatform.StartAsync(options, bank, directory, logging, say, cancellationToken);
            // The bank is up when its past has arrived: live payments then meet a pipeline at rest.
            await SettleAsync(Audit(platform));
            var startSeconds = Math.Round(_time.GetElapsedTime(began).TotalSeconds, 1);
            await ready(platform.ConsoleAddress);
            say($"started in {startSeconds} s; data in {directory}{(temporary ? " until the end" : string.Empty)}");
            return await LiveAsync(platform, bank, startSeconds, cancellationToken);
        }
        finally
        {
            if (temporary) Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<DemoReport?> LiveAsync(DemoPlatform platform, BankOptions bank, double startSeconds, CancellationToken cancellationToken)
    {
        var start = _time.GetUtcNow();
        var end = start + options.Duration;
        var probe = new VisibilityProbe(platform.ClickHouse, _time);
        var writer = new BankWriter(platform.Bank, _time) { Committed = probe.Committed };
        var commits = new BankGenerator(bank, platform.Population).Live(start, end - _longestFraud);
        var peak = new Dictionary<string, double?>(StringComparer.Ordinal);
        using var probing = new CancellationTokenSource();
        using var writing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = probe.RunAsync(probing.Token);
        var live = writer.RunAsync(commits, end, writing.Token);
        var told = _time.GetTimestamp();
        while (await Task.WhenAny(live, asking, Task.Delay(TimeSpan.FromSeconds(1), _time, CancellationToken.None)) is var first && first != live)
        {
            if (first == asking) break;
            Measure(platform, peak);
            if (_time.GetElapsedTime(told) < TimeSpan.FromSeconds(5)) continue;
            told = _time.GetTimestamp();
            var visible = Percentiles.Of(probe.Milliseconds);
            say($"{writer.Commits:N0} transactions committed, visible after {visible.P50:0} ms (median), {visible.P99:0} ms (99 %)");
        }

        if (asking.IsFaulted)
        {
            await writing.CancelAsync();
            await live;
            await asking;
        }

        await live;
        var seconds = Math.Round((_time.GetUtcNow() - start).TotalSeconds, 1);
        say($"{writer.Commits:N0} transactions committed; waiting until everything has arrived");
        var audit = Audit(platform);
        await SettleAsync(audit);
        await probing.CancelAsync();
        await asking;
        Measure(platform, peak);
        var report = await audit.RunAsync(CancellationToken.None);
        return DemoReport.From(report, probe.Milliseconds, peak, startSeconds, seconds, writer.Commits, options.Seed);
    }

    private static BankAudit Audit(DemoPlatform platform) => new(platform.Bank, platform.Bootstrap, platform.ClickHouse);

    // What does not arrive in time is the audit's to find and to name.
    private async Task SettleAsync(BankAudit audit)
    {
        var since = _time.GetTimestamp();
        while (_time.GetElapsedTime(since) < options.SettleTimeout && !await audit.IsSettledAsync(CancellationToken.None))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), _time);
        }
    }

    private static void Measure(DemoPlatform platform, Dictionary<string, double?> peak)
    {
        Keep("millrace", ProcessMemory.OfThis());
        Keep("clickhouse", ProcessMemory.OfTree(platform.ClickHouseProcessId));
        Keep("postgres", ProcessMemory.OfTree(platform.PostgresProcessId));

        void Keep(string process, double? megabytes)
        {
            if (megabytes is not null && (!peak.TryGetValue(process, out var before) || before is null || before < megabytes)) peak[process] = megabytes;
        }
    }
}
