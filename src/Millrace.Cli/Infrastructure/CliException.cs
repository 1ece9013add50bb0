namespace Millrace.Cli.Infrastructure;

/// <summary>An error that the person at the terminal can mend: printed as it is, without a stack trace.</summary>
internal sealed class CliException : Exception
{
    public CliException(string message)
        : base(message)
    {
    }

    public CliException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
