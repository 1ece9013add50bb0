using Millrace.Connect.Configuration;
using Millrace.Connect.Postgres.Configuration;

namespace Millrace.Connect.Postgres;

/// <summary>Change data capture from PostgreSQL through pgoutput, configured as Debezium's connector is.</summary>
public sealed class PostgresConnector : ISourceConnector
{
    /// <summary>The class name in configurations: Debezium's.</summary>
    public const string ClassName = "io.debezium.connector.postgresql.PostgresConnector";

    /// <inheritdoc/>
    public string Version { get; } = typeof(PostgresConnector).Assembly.GetName().Version!.ToString(3);

    /// <inheritdoc/>
    public ConfigDefinition Config { get; } = PostgresConfigDefinition.Create();

    /// <inheritdoc/>
    public async ValueTask ValidateAsync(IReadOnlyDictionary<string, string> config, ConfigValidation result, CancellationToken cancellationToken)
    {
        var options = new PostgresOptions(config);
        try
        {
            await using var connection = await PostgresPreflight.OpenAsync(options, cancellationToken);
            foreach (var (key, problem) in await PostgresPreflight.CheckAsync(connection, options, cancellationToken)) result.AddError(key, problem);
        }
        catch (ConnectException e)
        {
            result.AddError("database.hostname", e.Message);
        }
    }

    /// <summary>One task: a slot has one reader.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> TaskConfigs(IReadOnlyDictionary<string, string> config, int maxTasks) => [config];

    /// <inheritdoc/>
    public ISourceTask CreateTask() => new PostgresSourceTask();
}
