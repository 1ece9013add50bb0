#pragma warning disable RCS1194 // An exception without a message helps nobody, so there are no constructors without one.

namespace Millrace.Connect;

/// <summary>An error of a connector or of the worker; the message says what to do.</summary>
public class ConnectException : Exception
{
    /// <summary>An error with a message.</summary>
    public ConnectException(string message) : base(message)
    {
    }

    /// <summary>An error with a message and its cause.</summary>
    public ConnectException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}

/// <summary>An error that may pass: the same call will be tried again.</summary>
public sealed class RetriableException : ConnectException
{
    /// <summary>An error with a message and its cause.</summary>
    public RetriableException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}

/// <summary>A value does not fit its schema, or bytes cannot be read.</summary>
public sealed class DataException : ConnectException
{
    /// <summary>An error with a message and its cause.</summary>
    public DataException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}

/// <summary>A configuration that cannot be accepted; the message names the keys.</summary>
public sealed class ConfigException : ConnectException
{
    /// <summary>An error with a message and its cause.</summary>
    public ConfigException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}
