using System.CommandLine;
using Millrace.Cli.Hosting;
using Millrace.Cli.Infrastructure;
using Millrace.Kafka.Naming;
using Millrace.Operations.Topics;

namespace Millrace.Cli.Commands;

/// <summary><c>millrace topics</c>: lists, describes, creates and deletes topics of any Kafka.</summary>
internal static class TopicsCommand
{
    public static Command Create() => new Command("topics", "List, describe, create and delete topics of any Kafka.")
    {
        List(), Describe(), CreateTopic(), Delete(),
    }.WithExamples("millrace topics list", "millrace topics create payments.transactions.created.v1 --partitions 6", "millrace topics describe payments.transactions.created.v1 --json");

    private static Command List()
    {
        var command = new Command("list", "List the topics.");
        var bootstrap = command.AddBootstrap();
        var all = command.AddOption("--internal", "also Kafka's own topics", false);
        var json = command.AddJson();
        command.WithExamples("millrace topics list --bootstrap 127.0.0.1:9092");
        command.SetGuardedAction(async (parsed, cancellationToken) =>
        {
            using var cluster = await Reachable.ConnectAsync(parsed.GetValue(bootstrap)!, cancellationToken);
            var topics = await new TopicService(cluster).ListAsync(parsed.GetValue(all), cancellationToken);
            new Printer(parsed.GetValue(json)).Print(topics, "There are no topics.",
                ("topic", static t => t.Name), ("partitions", static t => t.Partitions), ("replicas", static t => t.ReplicationFactor), ("under-replicated", static t => t.UnderReplicated), ("bytes", static t => t.Bytes));
            return 0;
        });
        return command;
    }

    private static Command Describe()
    {
        var command = new Command("describe", "Show a topic's partitions and settings.");
        var name = new Argument<string>("TOPIC");
        command.Arguments.Add(name);
        var bootstrap = command.AddBootstrap();
        var json = command.AddJson();
        command.WithExamples("millrace topics describe cdc.transactions");
        command.SetGuardedAction(async (parsed, cancellationToken) =>
        {
            using var cluster = await Reachable.ConnectAsync(parsed.GetValue(bootstrap)!, cancellationToken);
            var topic = await new TopicService(cluster).GetAsync(parsed.GetValue(name)!, cancellationToken);
            if (parsed.GetValue(json))
            {
                await Terminal.Out.WriteLineAsync(Printer.ToJson(topic));
                return 0;
            }

            var printer = new Printer(json: false);
            printer.Print(topic.Partitions, "It has no partitions.", ("partition", static p => p.Partition), ("leader", static p => p.Leader), ("first offset", static p => p.FirstOffset), ("next offset", static p => p.NextOffset), ("offsets", static p => p.Offsets), ("bytes", static p => p.Bytes));
            printer.Print([.. topic.Settings.Where(static s => !s.IsDefault)], "All settings are the broker's defaults.", ("setting", static s => s.Name), ("value", static s => s.Value));
            return 0;
        });
        return command;
    }

    private static Command CreateTopic()
    {
        var command = new Command("create", "Create a topic whose name follows the convention domain.subdomain.event-type.version.");
        var name = new Argument<string>("TOPIC");
        command.Arguments.Add(name);
        var bootstrap = command.AddBootstrap();
        var partitions = command.AddOption<int?>("--partitions", "number of partitions; the broker's default unless set", null, "N", static t => (int)Numbers.Long(t, 1, 100_000));
        var replicas = command.AddOption<short?>("--replication-factor", "replicas; the broker's default unless set", null, "N", static t => (short)Numbers.Long(t, 1, short.MaxValue));
        var settings = command.AddPairs("--config", "a topic setting by Kafka's name, such as cleanup.policy=compact", ofCommand: true);
        var anyName = command.AddOption("--any-name", "accept a name that breaks the convention", false);
        var dryRun = command.AddOption("--dry-run", "only ask the broker whether it would", false);
        var json = command.AddJson();
        command.WithExamples("millrace topics create payments.transactions.created.v1 --partitions 6 --config retention.ms=604800000", "millrace topics create scratch --any-name --dry-run");
        command.SetGuardedAction(async (parsed, cancellationToken) =>
        {
            var topic = parsed.GetValue(name)!;
            if (TopicName.Check(topic) is { } problem)
            {
                // What Kafka itself refuses, no option can make.
                if (!TopicName.IsLegal(topic)) throw new CliException(problem);
                if (!parsed.GetValue(anyName)) throw new CliException($"{problem}. --any-name creates it all the same");
            }

            using var cluster = await Reachable.ConnectAsync(parsed.GetValue(bootstrap)!, cancellationToken);
            await new TopicService(cluster).CreateAsync(topic, parsed.GetValue(partitions), parsed.GetValue(replicas), parsed.GetValue(settings), parsed.GetValue(dryRun), cancellationToken);
            new Printer(parsed.GetValue(json)).Print(new { Topic = topic, Created = !parsed.GetValue(dryRun) }, parsed.GetValue(dryRun) ? $"{topic} could be created." : $"Created {topic}.");
            return 0;
        });
        return command;
    }

    private static Command Delete()
    {
        var command = new Command("delete", "Delete a topic and all its records. Without --yes it only says what would go.");
        var name = new Argument<string>("TOPIC");
        command.Arguments.Add(name);
        var bootstrap = command.AddBootstrap();
        var yes = command.AddOption("--yes", "do it", false);
        var json = command.AddJson();
        command.WithExamples("millrace topics delete scratch", "millrace topics delete scratch --yes");
        command.SetGuardedAction(async (parsed, cancellationToken) =>
        {
            using var cluster = await Reachable.ConnectAsync(parsed.GetValue(bootstrap)!, cancellationToken);
            var service = new TopicService(cluster);
            var topic = await service.GetAsync(parsed.GetValue(name)!, cancellationToken);
            var really = parsed.GetValue(yes);
            if (really) await service.DeleteAsync(topic.Name, cancellationToken);
            new Printer(parsed.GetValue(json)).Print(new { Topic = topic.Name, topic.Offsets, topic.Bytes, Deleted = really },
                really ? $"Deleted {topic.Name} and its {topic.Offsets:N0} offsets." : $"{topic.Name} has {topic.Offsets:N0} offsets in {topic.Partitions.Count} partitions; --yes deletes them.");
            return 0;
        });
        return command;
    }
}
