using System.CommandLine;
using Millrace.Cli.Hosting;
using Millrace.Cli.Infrastructure;
using Millrace.Connect;
using Millrace.Connect.Configuration;

namespace Millrace.Cli.Commands;

/// <summary><c>millrace connect</c>: a worker that runs connectors behind Kafka Connect's REST interface.</summary>
internal static class ConnectCommand
{
    public static Command Create()
    {
        var command = new Command("connect", "Run a Connect worker: change data capture and sinks, behind Kafka Connect's REST interface.");
        var properties = new Argument<string?>("worker.properties")
        {
            Description = "Kafka Connect's worker file, read as it stands; options of the command line win",
            Arity = ArgumentArity.ZeroOrOne,
        };
        command.Arguments.Add(properties);
        var bootstrap = command.AddBootstrap();
        var listen = command.AddListen("127.0.0.1:8083");
        var connectors = command.AddList("--connector", "a connector's JSON file ({\"name\":…,\"config\":{…}}), created or updated at start", "FILE");
        var overrides = command.AddPairs("--override", "a connector setting that differs here, such as database.hostname=db1, or NAME:database.password=… for one connector; not stored");
        var json = command.AddReadyJson();
        var logLevel = command.AddLogLevel();
        command.WithExamples(
            "millrace connect --bootstrap 127.0.0.1:9092 --listen 127.0.0.1:8083",
            "millrace connect worker.properties --connector postgres-connector.json --override database.hostname=db1 --override database.password=$PGPASSWORD",
            "curl -s http://127.0.0.1:8083/connectors?expand=status");
        command.SetGuardedAction((parsed, cancellationToken) => Foreground.RunAsync("connect", parsed.GetValue(logLevel), parsed.GetValue(json), async (logging, ct) =>
        {
            var options = new ConnectWorkerOptions();
            if (parsed.GetValue(properties) is { } file) options = WorkerProperties.Parse(GivenFile.Read(file), file, options);
            if (bootstrap.IsChosen(parsed) || parsed.GetValue(properties) is null) options = options with { BootstrapServers = parsed.GetValue(bootstrap)! };
            if (listen.IsChosen(parsed) || parsed.GetValue(properties) is null) options = options with { Listener = await Addresses.HttpAsync(parsed.GetValue(listen)!, ct) };
            options = options with { Overrides = parsed.GetValue(overrides)! };
            // Before the worker takes over from another one of its group, which would stand idle after this one has ended.
            foreach (var connector in parsed.GetValue(connectors)!) Check(connector, options);
            await Reachable.EnsureAsync(options.BootstrapServers, Reachable.ServerPatience, ct);
            var worker = await ConnectWorker.StartAsync(options, Plugins.All(), logging, ct);
            try
            {
                foreach (var connector in parsed.GetValue(connectors)!) await worker.PutConnectorFileAsync(connector, ct);
            }
            catch
            {
                await worker.DisposeAsync();
                throw;
            }

            return (worker, worker.Address.ToString().TrimEnd('/'));
        }, cancellationToken));
        return command;
    }

    private static void Check(string connector, ConnectWorkerOptions options)
    {
        var (_, validation) = Plugins.All().CheckFile(GivenFile.Read(connector), connector, options);
        var errors = validation.Values.SelectMany(static v => v.Errors).ToList();
        if (errors.Count > 0) throw new CliException(string.Join('\n', errors.Select(e => $"{connector}: {e}")));
    }
}
