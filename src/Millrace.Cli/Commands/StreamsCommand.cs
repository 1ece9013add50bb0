using System.CommandLine;
using Millrace.Cli.Hosting;
using Millrace.Cli.Infrastructure;
using Millrace.Samples.Bank.Jobs;

namespace Millrace.Cli.Commands;

/// <summary><c>millrace streams</c>: runs stream jobs.</summary>
internal static class StreamsCommand
{
    public static Command Create()
    {
        var command = new Command("streams", "Run stream jobs with exactly-once state, and serve their state as Flink's monitoring REST interface does.");
        var names = new Argument<string[]>("JOB") { Description = "names of the jobs to run; all of the assembly if none is given", Arity = ArgumentArity.ZeroOrMore };
        command.Arguments.Add(names);
        var assembly = command.AddOption<string?>("--assembly", "the .dll that holds the jobs (public classes that implement IStreamJob); the sample bank's unless set", null, "FILE", static t => t);
        var list = command.AddOption("--list", "list the jobs and end", false);
        var bootstrap = command.AddBootstrap();
        var listen = command.AddListen("127.0.0.1:8082");
        var checkpoints = command.AddOption("--checkpoints", "directory of the checkpoints, one folder a job", "data/checkpoints", "DIR");
        var interval = command.AddOption("--checkpoint-interval", "time between checkpoints: exactly-once results become visible at each", TimeSpan.FromSeconds(1), "1s", static t => Durations.Parse(t, TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1)));
        var parallelism = command.AddOption("--parallelism", "subtasks per operator", 1, "N", static t => (int)Numbers.Long(t, 1, 1024));
        var settings = command.AddPairs("--set", "a setting that is given to the jobs");
        var json = command.AddOption("--json", "print the list, or the ready line, as JSON", false);
        var logLevel = command.AddLogLevel();
        command.WithExamples(
            "millrace streams --list",
            "millrace streams fraud-rules account-activity --bootstrap 127.0.0.1:9092 --checkpoints /var/lib/millrace/checkpoints",
            "millrace streams --assembly bin/Release/net10.0/MyJobs.dll --parallelism 2");
        command.SetGuardedAction(async (parsed, cancellationToken) =>
        {
            var found = JobsHost.Find(parsed.GetValue(assembly) is { } file ? JobsHost.Load(file) : typeof(FraudRulesJob).Assembly);
            if (parsed.GetValue(list))
            {
                new Printer(parsed.GetValue(json)).Print(found.Select(static j => new { j.Name, Class = j.GetType().FullName }).ToList(), "The assembly has no jobs.", ("job", static j => j.Name), ("class", static j => j.Class));
                return 0;
            }

            string[] wanted = parsed.GetValue(names) is { Length: > 0 } given ? given : [.. found.Select(static j => j.Name)];
            var jobs = wanted.Select(name => found.FirstOrDefault(j => j.Name == name) ?? throw new CliException($"there is no job '{name}'; there are: {string.Join(", ", found.Select(static j => j.Name))}")).ToList();
            if (jobs.Count == 0) throw new CliException("the assembly has no public class that implements IStreamJob");
            var options = new JobsHostOptions
            {
                Listen = parsed.GetValue(listen)!,
                CheckpointDirectory = parsed.GetValue(checkpoints)!,
                CheckpointInterval = parsed.GetValue(interval),
                Parallelism = parsed.GetValue(parallelism),
                Settings = new Dictionary<string, string>(parsed.GetValue(settings)!, StringComparer.Ordinal) { ["bootstrap.servers"] = parsed.GetValue(bootstrap)! },
            };
            // A job that fails for good ends the process, so that whoever supervises it sees it; the exception says why.
            return await Foreground.RunAsync("streams", parsed.GetValue(logLevel), parsed.GetValue(json), async (logging, ct) =>
            {
                await Reachable.EnsureAsync(parsed.GetValue(bootstrap)!, Reachable.ServerPatience, ct);
                var host = await JobsHost.StartAsync(jobs, options, logging, ct);
                return (host, host.Address);
            }, cancellationToken, static host => host.AnyEnded);
        });
        return command;
    }
}
