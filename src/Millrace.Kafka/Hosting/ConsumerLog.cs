using Microsoft.Extensions.Logging;

namespace Millrace.Kafka.Hosting;

internal static partial class ConsumerLog
{
    [LoggerMessage(EventId = 3020, Level = LogLevel.Information, Message = "{Group} consumes {Topics}")]
    internal static partial void Started(ILogger logger, string group, string topics);

    [LoggerMessage(EventId = 3021, Level = LogLevel.Information, Message = "{Group} has ended; {Finished} records finished, all of them committed: {Committed}")]
    internal static partial void Stopped(ILogger logger, string group, long finished, bool committed);

    [LoggerMessage(EventId = 3022, Level = LogLevel.Information, Message = "{Group} is assigned {Partitions}")]
    internal static partial void Assigned(ILogger logger, string group, string partitions);

    [LoggerMessage(EventId = 3023, Level = LogLevel.Information, Message = "{Group} gives up {Partitions}")]
    internal static partial void Revoked(ILogger logger, string group, string partitions);

    [LoggerMessage(EventId = 3024, Level = LogLevel.Warning, Message = "{Group} has lost {Partitions}; their unfinished records go to another member")]
    internal static partial void Lost(ILogger logger, string group, string partitions);

    [LoggerMessage(EventId = 3025, Level = LogLevel.Warning, Message = "{Group}: attempt {Attempt} of {MaxAttempts} failed, next in {Delay}")]
    internal static partial void Retry(ILogger logger, Exception? error, string group, int attempt, int maxAttempts, TimeSpan delay);

    [LoggerMessage(EventId = 3026, Level = LogLevel.Warning, Message = "{Group}: commit failed, tried again with the next: {Reason}")]
    internal static partial void CommitFailed(ILogger logger, string group, string reason);

    [LoggerMessage(EventId = 3027, Level = LogLevel.Warning, Message = "{Group}: {Code} {Topic}: {Reason}")]
    internal static partial void ClientError(ILogger logger, string group, string code, string? topic, string reason);

    [LoggerMessage(EventId = 3028, Level = LogLevel.Critical, Message = "{Group} has failed and starts again in {Pause}")]
    internal static partial void Failed(ILogger logger, Exception error, string group, TimeSpan pause);
}
