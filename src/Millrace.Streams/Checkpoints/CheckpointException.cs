namespace Millrace.Streams;

/// <summary>A checkpoint cannot be written, read, or used by this job. A restart would not help: the message says what will.</summary>
public sealed class CheckpointException : Exception
{
    /// <summary>Makes an exception.</summary>
    public CheckpointException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    public CheckpointException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public CheckpointException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
