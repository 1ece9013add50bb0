using System.CommandLine;
using Millrace.Broker;
using Millrace.Broker.Configuration;
using Millrace.Cli.Infrastructure;

namespace Millrace.Cli.Commands;

/// <summary><c>millrace broker</c>: the Kafka-speaking event log.</summary>
internal static class BrokerCommand
{
    public static Command Create()
    {
        var command = new Command("broker", "Run the event log: a Kafka broker in one process, on Kafka's own file format.");
        var listen = command.AddListen("127.0.0.1:9092");
        var data = command.AddOption("--data", "directory of the log", "data/broker", "DIR", ofCommand: true);
        var config = command.AddOption<string?>("--config", "server.properties, read as Apache Kafka reads it; options of the command line win", null, "FILE", static t => t, ofCommand: true);
        var advertised = command.AddOption<string?>("--advertised", "address that clients are told; the listening one unless set", null, "HOST:PORT", static t => t);
        var scram = command.AddOption<string?>("--add-scram", "user that is created unless it is there, as kafka-storage.sh takes it", null, "SCRAM-SHA-256=[name=…,password=…]", static t => t);
        var json = command.AddReadyJson();
        var logLevel = command.AddLogLevel();
        command.WithExamples(
            "millrace broker --listen 127.0.0.1:9092 --data /var/lib/millrace",
            "kcat -b 127.0.0.1:9092 -L");
        command.SetGuardedAction((parsed, cancellationToken) => Foreground.RunAsync("broker", parsed.GetValue(logLevel), parsed.GetValue(json), async (logging, ct) =>
        {
            var options = new BrokerOptions { Listen = parsed.GetValue(listen)!, DataDirectory = parsed.GetValue(data)! };
            if (parsed.GetValue(config) is { } file) options = WithFile(options, file, listen.IsChosen(parsed), data.IsChosen(parsed));
            if (parsed.GetValue(advertised) is { } address) options = options with { Advertised = address };
            if (parsed.GetValue(scram) is { } user) options = options with { AddScram = [user] };
            var server = await BrokerServer.StartAsync(options, logging, cancellationToken: ct);
            return (server, server.BootstrapServers);
        }, cancellationToken));
        return command;
    }

    // What was said on the command line, or by a variable, wins over the file.
    private static BrokerOptions WithFile(BrokerOptions options, string file, bool listenChosen, bool dataChosen)
    {
        var read = ServerPropertiesReader.Read(GivenFile.Read(file), file).ApplyTo(options);
        return read with
        {
            Listen = listenChosen ? options.Listen : read.Listen,
            DataDirectory = dataChosen ? options.DataDirectory : read.DataDirectory,
        };
    }
}
