namespace Millrace.ClickHouse;

/// <summary>An error of ClickHouse or of its embedding, with ClickHouse's error code.</summary>
public sealed class ClickHouseException : Exception
{
    /// <summary>Creates the exception without a message of its own.</summary>
    public ClickHouseException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">ClickHouse's message, or what to do.</param>
    public ClickHouseException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">ClickHouse's message, or what to do.</param>
    /// <param name="innerException">The cause.</param>
    public ClickHouseException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal ClickHouseException(int code, string name, string message, Exception? innerException = null)
        : base($"Code: {code}. DB::Exception: {message} ({name})", innerException) => Code = code;

    /// <summary>ClickHouse's error code; 0 if the error is not ClickHouse's.</summary>
    public int Code { get; private init; }

    /// <summary>The exception for the engine's message, which begins with <c>Code: N.</c></summary>
    internal static ClickHouseException FromEngine(string message)
    {
        var code = 0;
        if (message.StartsWith("Code: ", StringComparison.Ordinal))
        {
            foreach (var digit in message.AsSpan("Code: ".Length))
            {
                if (!char.IsAsciiDigit(digit) || code > 100_000)
                    break;
                code = (code * 10) + (digit - '0');
            }
        }

        return new ClickHouseException(message) { Code = code };
    }
}
