using System.Net;
using System.Net.Sockets;

namespace Millrace.Broker;

/// <summary>The broker cannot start. The message says what to do.</summary>
public sealed class BrokerStartException : Exception
{
    /// <summary>Initializes a new instance of the <see cref="BrokerStartException"/> class.</summary>
    public BrokerStartException()
    {
    }

    /// <summary>Initializes a new instance of the <see cref="BrokerStartException"/> class.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    public BrokerStartException(string message)
        : base(message)
    {
    }

    /// <summary>Initializes a new instance of the <see cref="BrokerStartException"/> class.</summary>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public BrokerStartException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal static BrokerStartException CannotListen(IPEndPoint endPoint, SocketException cause) => cause.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => new(
            $"{endPoint} is in use by another process. Stop it (`ss -ltnp 'sport = :{endPoint.Port}'` names it), or listen elsewhere: --listen {endPoint.Address}:{endPoint.Port + 1}", cause),
        SocketError.AddressNotAvailable => new(
            $"{endPoint.Address} is not an address of this machine. Listen on 127.0.0.1 or 0.0.0.0, and give the name that clients use as the advertised listener", cause),
        SocketError.AccessDenied => new($"listening on {endPoint} is not permitted. Ports below 1024 need privileges: use a higher one", cause),
        _ => new($"cannot listen on {endPoint}: {cause.Message}", cause),
    };
}
