using Microsoft.Extensions.Logging;

namespace Millrace.Operations;

internal static partial class OperationsLog
{
    [LoggerMessage(EventId = 7000, Message = "librdkafka {Facility}: {Message}")]
    internal static partial void FromLibrary(ILogger logger, LogLevel level, string facility, string message);
}
