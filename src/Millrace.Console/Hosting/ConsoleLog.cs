using Microsoft.Extensions.Logging;

namespace Millrace.Console.Hosting;

internal static partial class ConsoleLog
{
    [LoggerMessage(7500, LogLevel.Information, "Console serves {Address} for Kafka at {Bootstrap}")]
    public static partial void Serving(ILogger logger, Uri address, string bootstrap);

    [LoggerMessage(7501, LogLevel.Warning, "{Source} does not answer: {Problem}")]
    public static partial void SourceFailed(ILogger logger, string source, string problem);

    [LoggerMessage(7502, LogLevel.Information, "{Source} answers again")]
    public static partial void SourceRecovered(ILogger logger, string source);

    [LoggerMessage(7503, LogLevel.Error, "Sampling {Source} failed in a way that was not foreseen")]
    public static partial void SamplingFailed(ILogger logger, Exception exception, string source);

    [LoggerMessage(7504, LogLevel.Warning, "Record {Topic}-{Partition}@{Offset} is not a JSON object; it is shown as text")]
    public static partial void AlertNotJson(ILogger logger, string topic, int partition, long offset);

    [LoggerMessage(7505, LogLevel.Information, "{Action} of connector {Connector} was asked for in the console")]
    public static partial void ConnectorAction(ILogger logger, string action, string connector);

    [LoggerMessage(7506, LogLevel.Warning, "Dashboard file {File} cannot be read: {Problem}")]
    public static partial void DashboardUnreadable(ILogger logger, string file, string problem);
}
