namespace Millrace.Streams;

/// <summary>A job failed and may not be restarted (again).</summary>
public sealed class JobExecutionException : Exception
{
    /// <summary>Makes an exception.</summary>
    public JobExecutionException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    public JobExecutionException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">Which job failed, where and after how many restarts.</param>
    /// <param name="innerException">The cause.</param>
    public JobExecutionException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
