using System.CommandLine;
using Millrace.Cli.Commands;

namespace Millrace.Cli;

/// <summary>The whole command line. A command's parts are built when it runs, not here: this must cost next to nothing.</summary>
internal static class Root
{
    public static RootCommand Create()
    {
        var root = new RootCommand("Millrace: the real-time data platform of a bank – event log, change data capture, stream processing, analytics.")
        {
            DemoCommand.Create(),
            BrokerCommand.Create(),
            ConnectCommand.Create(),
            StreamsCommand.Create(),
            ClickHouseCommand.Create(),
            ConsoleCommand.Create(),
            TopicsCommand.Create(),
            ProduceCommand.Create(),
            ConsumeCommand.Create(),
            GroupsCommand.Create(),
            ConfigCommand.Create(),
        };
        return root;
    }
}
