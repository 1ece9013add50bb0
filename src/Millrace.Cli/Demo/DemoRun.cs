using Microsoft.Extensions.Logging;
using Millrace.Cli.Infrastructure;
using Millrace.Samples.Bank.Audit;
using Millrace.Samples.Bank.Database;
using Millrace.Samples.Bank.Generator;
using Npgsql;

namespace Millrace.Cli.Demo;

/// <summary>Runs the bank on the platform, waits until everything has arrived, and lets the audit judge.</summary>
internal sealed class DemoRun(DemoOptions options, ILoggerFactory logging, Action<string> say)
{
    private static readonly TimeSpan _betweenLooks = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _betweenAudits = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _startPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan _lastQuestions = TimeSpan.FromSeconds(5);
    private readonly TimeProvider _time = TimeProvider.System;

    public async Task<DemoReport?> RunAsync(Func<string, Task> ready, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var temporary = options.DataDirectory is null;
        var directory = Path.GetFullPath(options.DataDirectory ?? Directory.CreateTempSubdirectory("millrace-demo-").FullName);
        Directory.CreateDirectory(directory);
        try
        {
            var bank = new BankOptions { Rate = options.Rate, Seed = options.Seed, FraudPerThousand = options.FraudsPerThousand };
            await using var platform = await DemoPlatform.StartAsync(options, bank, directory, logging, say, cancellationToken);
            // The bank is up when its past has arrived: live payments then meet a pipeline at rest.
            if (!await SettleAsync(platform, _startPatience, cancellationToken) && platform.Watch.Broken.Count == 0) say($"the bank's history has not arrived after {_startPatience.TotalSeconds:0} s; going on all the same");
            if (platform.Watch.Broken is [_, ..] broken) throw new CliException(string.Join("; ", broken));
            var startSeconds = Math.Round(_time.GetElapsedTime(began).TotalSeconds, 1);
            await ready(platform.ConsoleAddress);
            say($"started in {startSeconds} s; data in {directory}{(temporary ? " until the end" : string.Empty)}");
            try
            {
                return await LiveAsync(platform, startSeconds, cancellationToken);
            }
            catch (InvalidOperationException e) when (platform.Watch.Broken is [_, ..] failures)
            {
                // A question failed, most likely for the same reason that they did.
                throw new CliException($"{string.Join("; ", failures)}; and then: {e.Message}", e);
            }
        }
        catch (Exception e) when (Boundary.IsAddressInUse(e) && options.Addresses.Broker == DemoAddresses.Usual.Broker)
        {
            // The part's own advice, after its first sentence, would move that part alone.
            throw new CliException($"{e.Message.Split(". ")[0].TrimEnd('.')}. Stop that process (`ss -ltnp` names it), or let the demo take free ports: --any-ports", e);
        }
        catch (PostgresException e)
        {
            var place = e.TableName is null ? "" : $" (table {e.TableName}{(e.ConstraintName is null ? "" : $", {e.ConstraintName}")})";
            throw new CliException($"PostgreSQL refused what the bank wanted{place}: {e.MessageText}{(e.Detail is null ? "" : $": {e.Detail}")} [SQLSTATE {e.SqlState}]", e);
        }
        finally
        {
            if (temporary) Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<DemoReport?> LiveAsync(DemoPlatform platform, double startSeconds, CancellationToken cancellationToken)
    {
        var start = _time.GetUtcNow();
        var end = start + options.Duration;
        var probe = new VisibilityProbe(platform.ClickHouse, _time);
        var writer = new BankWriter(platform.Bank, _time) { Committed = probe.Committed };
        var commits = new BankGenerator(platform.Life, platform.Population).Live(start, end);
        var peak = new Dictionary<string, double?>(StringComparer.Ordinal);
        using var probing = new CancellationTokenSource();
        using var writing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = probe.RunAsync(_lastQuestions, probing.Token);
        var live = writer.RunAsync(commits, end, writing.Token);
        var told = _time.GetTimestamp();
        while (await Task.WhenAny(live, asking, Task.Delay(_betweenLooks, _time, CancellationToken.None)) is var first && first != live)
        {
            if (first == asking) break;
            Measure(platform, peak);
            await LookAsync(platform);
            // A run that is to be judged is lost; one that somebody watches goes on, so that the console can be asked what is wrong.
            if (platform.Watch.Broken.Count > 0 && options.Duration is not null) await writing.CancelAsync();
            if (_time.GetElapsedTime(told) < TimeSpan.FromSeconds(5)) continue;
            told = _time.GetTimestamp();
            var visible = probe.Measured();
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
        if (platform.Watch.Broken.Count == 0) say($"{writer.Commits:N0} transactions committed; waiting until everything has arrived");
        var since = _time.GetTimestamp();
        await SettleAsync(platform, options.SettleTimeout, CancellationToken.None);
        await probing.CancelAsync();
        await asking;
        var visibility = probe.Measured();
        Measure(platform, peak);
        var (report, committed) = await JudgeAsync(platform, start, since);
        return DemoReport.From(report, visibility, peak, startSeconds, seconds, committed, options.Seed, platform.Watch.Broken);
    }

    private static BankAudit Audit(DemoPlatform platform) => new(platform.Bank, platform.Bootstrap, platform.ClickHouse);

    // What was committed shows in ClickHouse before the jobs have committed the offsets behind it: a verdict that something is missing holds only after the
    // time that everything may take. What is there twice, or was never committed, stays so.
    private async Task<(AuditReport Report, long Commits)> JudgeAsync(DemoPlatform platform, DateTimeOffset start, long since)
    {
        while (true)
        {
            var audit = Audit(platform);
            var report = await audit.RunAsync(CancellationToken.None);
            if (!report.MayImprove || platform.Watch.Broken.Count > 0 || _time.GetElapsedTime(since) >= options.SettleTimeout)
            {
                return (report, await audit.CommitsSinceAsync(start, CancellationToken.None));
            }

            await Task.Delay(_betweenAudits, _time);
            await LookAsync(platform);
        }
    }

    // What does not arrive in time is the audit's to find and to name; what has failed is not waited for.
    private async Task<bool> SettleAsync(DemoPlatform platform, TimeSpan patience, CancellationToken cancellationToken)
    {
        var audit = Audit(platform);
        var (since, looked) = (_time.GetTimestamp(), _time.GetTimestamp());
        while (!await audit.IsSettledAsync(cancellationToken))
        {
            if (_time.GetElapsedTime(since) >= patience || platform.Watch.Broken.Count > 0) return false;
            await Task.Delay(TimeSpan.FromMilliseconds(200), _time, cancellationToken);
            if (_time.GetElapsedTime(looked) < _betweenLooks) continue;
            looked = _time.GetTimestamp();
            await LookAsync(platform);
        }

        return true;
    }

    private async Task LookAsync(DemoPlatform platform)
    {
        foreach (var failure in await platform.Watch.LookAsync(CancellationToken.None)) say(failure);
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
