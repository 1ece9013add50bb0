namespace Millrace.Protocol.Records;

/// <summary>Bytes that should be a record batch are not one, or its checksum does not match. Kafka's error code is CORRUPT_MESSAGE.</summary>
public sealed class CorruptRecordException : Exception
{
    /// <summary>Creates the exception.</summary>
    public CorruptRecordException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong and where.</param>
    public CorruptRecordException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong and where.</param>
    /// <param name="innerException">What the codec said.</param>
    public CorruptRecordException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
