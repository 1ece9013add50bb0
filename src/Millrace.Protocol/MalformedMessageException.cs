using System.Diagnostics.CodeAnalysis;

namespace Millrace.Protocol;

/// <summary>Bytes that are no valid message: a length beyond the frame, a null where none may be, a version outside the message's range.</summary>
public sealed class MalformedMessageException : FormatException
{
    /// <summary>Initializes a new instance of the <see cref="MalformedMessageException"/> class.</summary>
    public MalformedMessageException()
    {
    }

    /// <summary>Initializes a new instance of the <see cref="MalformedMessageException"/> class.</summary>
    /// <param name="message">What is wrong, and where.</param>
    public MalformedMessageException(string message)
        : base(message)
    {
    }

    /// <summary>Initializes a new instance of the <see cref="MalformedMessageException"/> class.</summary>
    /// <param name="message">What is wrong, and where.</param>
    /// <param name="innerException">The cause.</param>
    public MalformedMessageException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    [DoesNotReturn]
    internal static void ThrowNull(string field) => throw new MalformedMessageException($"{field} must not be null in this version");

    [DoesNotReturn]
    internal static void ThrowTooShort(int position, int wanted, int remaining) =>
        throw new MalformedMessageException($"{wanted} bytes are wanted at position {position}, {remaining} remain");

    [DoesNotReturn]
    internal static void ThrowLength(int position, long length, int remaining) =>
        throw new MalformedMessageException($"the length {length} at position {position} is not possible with {remaining} bytes remaining");

    internal static void ThrowIfVersionOutOfRange(short version, short lowest, short highest)
    {
        if (version < lowest || version > highest)
            throw new MalformedMessageException($"version {version} is outside {lowest} to {highest}");
    }
}

/// <summary>Checks of fields that are nullable in some versions only.</summary>
internal static class NullabilityExtensions
{
    public static string? RequiredUnless(this string? value, bool nullable)
    {
        if (value is null && !nullable) MalformedMessageException.ThrowNull("a string");
        return value;
    }

    public static byte[]? RequiredUnless(this byte[]? value, bool nullable)
    {
        if (value is null && !nullable) MalformedMessageException.ThrowNull("a byte array");
        return value;
    }

    public static ReadOnlyMemory<byte>? RequiredUnless(this ReadOnlyMemory<byte>? value, bool nullable)
    {
        if (value is null && !nullable) MalformedMessageException.ThrowNull("a record set");
        return value;
    }
}
