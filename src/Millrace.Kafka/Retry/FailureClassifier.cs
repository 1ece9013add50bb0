using System.Text.Json;
using Millrace.Schemas.Serialization;

namespace Millrace.Kafka.Retry;

/// <summary>Tells failures that may go away from those that never will.</summary>
public static class FailureClassifier
{
    /// <summary>
    /// False for exceptions that say that the record itself is wrong (<see cref="SerdeException"/>, <see cref="JsonException"/>, <see cref="FormatException"/>, <see cref="ArgumentException"/>,
    /// <see cref="InvalidCastException"/>, <see cref="NotSupportedException"/>, <see cref="NotRetriableException"/>) or the program (null references and their like); true for all others.
    /// </summary>
    /// <param name="exception">What the handler threw.</param>
    public static bool IsRetriable(Exception exception) => exception is not (
        SerdeException or JsonException or FormatException or ArgumentException or InvalidCastException or NotSupportedException or NotImplementedException
        or NullReferenceException or IndexOutOfRangeException or KeyNotFoundException or ArithmeticException or NotRetriableException);
}

/// <summary>Thrown by a handler to send a record to the dead letters without another attempt.</summary>
public sealed class NotRetriableException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">Why the record cannot be handled.</param>
    /// <param name="inner">The cause.</param>
    public NotRetriableException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
