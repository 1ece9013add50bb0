namespace Millrace.Engines;

/// <summary>The embedded PostgreSQL did not do what was asked. The message holds the server's own last lines.</summary>
public sealed class EmbeddedPostgresException : Exception
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public EmbeddedPostgresException()
    {
    }

    /// <summary>Creates the exception with a message for people.</summary>
    /// <param name="message">What failed and what to do.</param>
    public EmbeddedPostgresException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message for people and its cause.</summary>
    /// <param name="message">What failed and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public EmbeddedPostgresException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
