using Microsoft.Extensions.Logging;
using Millrace.Broker.Security;

namespace Millrace.Broker.Network;

/// <summary>What all connections share.</summary>
/// <param name="Dispatcher">Finds the handler of a request.</param>
/// <param name="MaxRequestBytes"><c>socket.request.max.bytes</c>.</param>
/// <param name="MaxIdle"><c>connections.max.idle.ms</c>.</param>
/// <param name="Time">The clock.</param>
/// <param name="NodeId">The node whose listener accepted them.</param>
/// <param name="Listener">That listener.</param>
/// <param name="Audit">Where authentications are logged.</param>
/// <param name="Limits">How many there may be.</param>
/// <param name="Interceptor">Sees every request before its handler; null for all but clusters of tests.</param>
internal sealed record ConnectionSettings(
    RequestDispatcher Dispatcher, int MaxRequestBytes, TimeSpan MaxIdle, TimeProvider Time, int NodeId, ServerListener Listener, ILogger Audit, ConnectionLimits Limits, IRequestInterceptor? Interceptor = null);
