using Millrace.Protocol;

namespace Millrace.Broker;

/// <summary>A request, or one item of it, cannot be done: the error code and text go to the client.</summary>
internal sealed class RequestFailedException(ErrorCode error, string message) : Exception(message)
{
    public ErrorCode Error { get; } = error;
}
