namespace Millrace.Operations;

/// <summary>A question or change that makes no sense on this cluster; the message says what to do.</summary>
/// <param name="message">What is wrong, and what to do.</param>
public sealed class OperationsException(string message) : Exception(message);
