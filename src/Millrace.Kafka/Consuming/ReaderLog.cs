using Microsoft.Extensions.Logging;

namespace Millrace.Kafka.Consuming;

internal static partial class ReaderLog
{
    [LoggerMessage(EventId = 3000, Message = "librdkafka {Facility}: {Message}")]
    internal static partial void FromLibrary(ILogger logger, LogLevel level, string facility, string message);
}
