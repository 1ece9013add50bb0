namespace Millrace.Connect.Postgres;

/// <summary>Registers the connector.</summary>
public static class PostgresPlugins
{
    /// <summary>Adds PostgreSQL's connector under Debezium's class name.</summary>
    public static ConnectPlugins AddPostgres(this ConnectPlugins plugins) => plugins.AddConnector(PostgresConnector.ClassName, static () => new PostgresConnector());
}
