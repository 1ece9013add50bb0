using Microsoft.Extensions.Logging;

namespace Millrace.Operations;

internal static partial class OperationsLog
{
    [LoggerMessage(EventId = 7000, Message = "librdkafka {Facility}: {Message}")]
    internal static partial void FromLibrary(ILogger logger, LogLevel level, string facility, string message);

    [LoggerMessage(EventId = 7001, Level = LogLevel.Debug, Message = "Broker {Host}:{Port} does not tell the sizes of its partitions: {Reason}")]
    internal static partial void SizesUnknown(ILogger logger, string host, int port, string reason);
}
