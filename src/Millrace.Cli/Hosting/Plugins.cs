using Millrace.Connect;
using Millrace.Connect.ClickHouse;
using Millrace.Connect.Postgres;

namespace Millrace.Cli.Hosting;

/// <summary>The connectors that this program carries.</summary>
internal static class Plugins
{
    public static ConnectPlugins All() => ClickHouseSinkConnector.AddTo(new ConnectPlugins().AddPostgres());
}
