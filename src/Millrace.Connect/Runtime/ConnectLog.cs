using Microsoft.Extensions.Logging;

namespace Millrace.Connect;

/// <summary>The worker's log messages: event ids 4000–4499.</summary>
internal static partial class ConnectLog
{
    [LoggerMessage(4000, LogLevel.Information, "Connect worker serves {Address}, group {Group}, Kafka {Bootstrap}")]
    internal static partial void WorkerReady(this ILogger logger, string address, string group, string bootstrap);

    [LoggerMessage(4001, LogLevel.Information, "Connector {Connector}: {Config}")]
    internal static partial void ConnectorConfigured(this ILogger logger, string connector, string config);

    [LoggerMessage(4002, LogLevel.Information, "Task {Task} is running")]
    internal static partial void TaskRunning(this ILogger logger, string task);

    [LoggerMessage(4003, LogLevel.Error, "Task {Task} failed")]
    internal static partial void TaskFailed(this ILogger logger, Exception exception, string task);

    /// <summary>For what a person can mend: the message says how, and the trace is in the task's status.</summary>
    [LoggerMessage(4013, LogLevel.Error, "Task {Task} failed: {Reason}")]
    internal static partial void TaskRefused(this ILogger logger, string task, string reason);

    [LoggerMessage(4004, LogLevel.Information, "Task {Task} restarts in {Delay}")]
    internal static partial void TaskRestarts(this ILogger logger, string task, TimeSpan delay);

    [LoggerMessage(4005, LogLevel.Warning, "Connector {Connector}: {Note}")]
    internal static partial void ConfigNote(this ILogger logger, string connector, string note);

    [LoggerMessage(4006, LogLevel.Warning, "Task {Task} skips a record of topic {Topic}")]
    internal static partial void RecordSkipped(this ILogger logger, Exception exception, string task, string topic);

    [LoggerMessage(4007, LogLevel.Error, "Connector {Connector} could not be started")]
    internal static partial void ConnectorFailed(this ILogger logger, Exception exception, string connector);

    [LoggerMessage(4008, LogLevel.Error, "Request {Method} {Path} failed")]
    internal static partial void RequestFailed(this ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(4009, LogLevel.Warning, "Task {Task} tries {Count} records again: {Reason}")]
    internal static partial void SinkRetries(this ILogger logger, string task, int count, string reason);

    [LoggerMessage(4010, LogLevel.Warning, "Task {Task} did not end cleanly")]
    internal static partial void TaskEndFailed(this ILogger logger, Exception exception, string task);

    [LoggerMessage(4014, LogLevel.Warning, "Task {Task} did not end cleanly: {Reason}")]
    internal static partial void TaskEndRefused(this ILogger logger, string task, string reason);

    [LoggerMessage(4011, LogLevel.Warning, "Task {Task} skips {Topic}-{Partition} offset {Offset}")]
    internal static partial void SinkRecordSkipped(this ILogger logger, Exception exception, string task, string topic, int partition, long offset);

    [LoggerMessage(4015, LogLevel.Warning, "{Notice}")]
    internal static partial void WorkerNotice(this ILogger logger, string notice);

    [LoggerMessage(4012, LogLevel.Information, "Connector {Connector} is paused: its tasks are stopped, and give up their connections and group memberships. Resume starts them at their last commit")]
    internal static partial void ConnectorPaused(this ILogger logger, string connector);
}
