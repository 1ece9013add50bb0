using System.CommandLine;
using Millrace.Cli.Hosting;
using Millrace.Cli.Infrastructure;
using Millrace.Operations.Groups;

namespace Millrace.Cli.Commands;

/// <summary><c>millrace groups</c>: consumer groups, their lag, and moving their offsets.</summary>
internal static class GroupsCommand
{
    public static Command Create() => new Command("groups", "List and describe consumer groups with their lag, move their offsets, delete them.")
    {
        List(), Describe(), Reset(), Delete(),
    }.WithExamples("millrace groups list", "millrace groups describe fraud-rules", "millrace groups reset billing payments.transactions.created.v1 --to earliest");

    private static Command List()
    {
        var command = new Command("list", "List the groups.");
        var bootstrap = command.AddBootstrap();
        var json = command.AddJson();
        command.WithExamples("millrace groups list --json");
        command.SetGuardedAction(async (parsed, cancellationToken) =>
        {
            using var cluster = await Reachable.ConnectAsync(parsed.GetValue(bootstrap)!, cancellationToken);
            var groups = await new GroupService(cluster).ListAsync(cancellationToken);
            new Printer(parsed.GetValue(json)).Print(groups, "There are no groups.", ("group", static g => g.Id), ("state", static g => g.State), ("protocol", static g => g.Protocol));
            return 0;
        });
        return command;
    }

    private static Command Describe()
    {
        var command = new Command("describe", "Show a group's members and its lag per partition, in records and in time.");
        var name = new Argument<string>("GROUP");
        command.Arguments.Add(name);
        var bootstrap = command.AddBootstrap();
        var json = command.AddJson();
        command.WithExamples("millrace groups describe fraud-rules");
        command.SetGuardedAction(async (parsed, cancellationToken) =>
        {
            using var cluster = await Reachable.ConnectAsync(parsed.GetValue(bootstrap)!, cancellationToken);
            var group = await new GroupService(cluster).GetAsync(parsed.GetValue(name)!, cancellationToken: cancellationToken);
            if (parsed.GetValue(json))
            {
                await Terminal.Out.WriteLineAsync(Printer.ToJson(group));
                return 0;
            }

            await Terminal.Out.WriteLineAsync($"{group.Id}: {group.State}, {group.Members.Count} members, {group.Lag:N0} records behind{(group.TimeLag is { } behind ? $" ({behind.TotalSeconds:0.#} s)" : string.Empty)}");
            new Printer(json: false).Print(group.Partitions, "It has committed no offsets.",
                ("topic", static p => p.Topic), ("partition", static p => p.Partition), ("committed", static p => p.Committed), ("end", static p => p.NextOffset), ("lag", static p => p.Lag),
                ("time lag", static p => p.TimeLag is { } t ? $"{t.TotalSeconds:0.#} s" : null), ("member", static p => p.MemberId));
            return 0;
        });
        return command;
    }

    private static Command Reset()
    {
        var command = new Command("reset", "Move a group's offsets on a topic. Without --yes it only shows what would change. The group must have no members.");
        var group = new Argument<string>("GROUP");
        var topic = new Argument<string>("TOPIC");
        command.Arguments.Add(group);
        command.Arguments.Add(topic);
        var bootstrap = command.AddBootstrap();
        var to = command.AddOption<ResetTarget>("--to", "earliest, latest, an offset, a time (2026-01-31T12:00:00Z), or a shift (+100, -100)", new ResetTarget.Earliest(), "WHERE", ParseTarget);
        var yes = command.AddOption("--yes", "do it", false);
        var json = command.AddJson();
        command.WithExamples("millrace groups reset billing payments.transactions.created.v1 --to 2026-01-31T12:00:00Z", "millrace groups reset billing payments.transactions.created.v1 --to -100 --yes");
        command.SetGuardedAction(async (parsed, cancellationToken) =>
        {
            using var cluster = await Reachable.ConnectAsync(parsed.GetValue(bootstrap)!, cancellationToken);
            var reset = new OffsetReset(cluster);
            var plan = await reset.PlanAsync(parsed.GetValue(group)!, parsed.GetValue(topic)!, parsed.GetValue(to)!, cancellationToken: cancellationToken);
            if (parsed.GetValue(yes)) await reset.ApplyAsync(parsed.GetValue(group)!, plan, cancellationToken);
            var printer = new Printer(parsed.GetValue(json));
            printer.Print(plan, "Nothing would change.", ("topic", static s => s.Topic), ("partition", static s => s.Partition), ("from", static s => s.From), ("to", static s => s.To), ("read again", static s => s.ReadAgain));
            if (!printer.IsJson) await Terminal.Out.WriteLineAsync(parsed.GetValue(yes) ? "Moved." : "Nothing was changed; --yes moves the offsets.");
            return 0;
        });
        return command;
    }

    private static Command Delete()
    {
        var command = new Command("delete", "Delete a group and its offsets. Without --yes it only says what would go.");
        var name = new Argument<string>("GROUP");
        command.Arguments.Add(name);
        var bootstrap = command.AddBootstrap();
        var yes = command.AddOption("--yes", "do it", false);
        var json = command.AddJson();
        command.WithExamples("millrace groups delete old-consumer --yes");
        command.SetGuardedAction(async (parsed, cancellationToken) =>
        {
            using var cluster = await Reachable.ConnectAsync(parsed.GetValue(bootstrap)!, cancellationToken);
            var groups = new GroupService(cluster);
            var group = await groups.GetAsync(parsed.GetValue(name)!, measureTime: false, cancellationToken);
            var really = parsed.GetValue(yes);
            if (really) await groups.DeleteAsync(group.Id, cancellationToken);
            new Printer(parsed.GetValue(json)).Print(new { Group = group.Id, Deleted = really },
                really ? $"Deleted {group.Id}." : $"{group.Id} is {group.State} and has offsets on {group.Partitions.Count} partitions; --yes deletes them.");
            return 0;
        });
        return command;
    }

    private static ResetTarget ParseTarget(string text) => text switch
    {
        "earliest" => new ResetTarget.Earliest(),
        "latest" => new ResetTarget.Latest(),
        ['+' or '-', ..] when long.TryParse(text, out var shift) => new ResetTarget.Shift(shift),
        _ when long.TryParse(text, out var offset) => new ResetTarget.AtOffset(offset),
        _ when DateTimeOffset.TryParse(text, out var time) => new ResetTarget.AtTime(time),
        _ => throw new FormatException("earliest, latest, an offset, a time or a shift (+100, -100) is expected"),
    };
}
