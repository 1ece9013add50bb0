using Microsoft.Extensions.Logging;
using Millrace.Broker.Coordination;
using Millrace.Broker.Log;
using Millrace.Broker.Metadata;

namespace Millrace.Broker;

/// <summary>What handlers and coordinators of one broker share.</summary>
/// <param name="Options">The options.</param>
/// <param name="Node">Who this broker is to its clients.</param>
/// <param name="Topics">The topics.</param>
/// <param name="Logs">The partitions' logs.</param>
/// <param name="Coordinators">The coordinators of groups and transactions, loaded.</param>
/// <param name="Loggers">Makes loggers.</param>
/// <param name="Time">The clock.</param>
internal sealed record BrokerContext(
    BrokerOptions Options, NodeIdentity Node, TopicCatalog Topics, LogManager Logs, Coordinators Coordinators, ILoggerFactory Loggers, TimeProvider Time);

/// <summary>Who a broker is to its clients.</summary>
/// <param name="NodeId">The node's id.</param>
/// <param name="ClusterId">The cluster's id.</param>
/// <param name="Host">The advertised host.</param>
/// <param name="Port">The advertised port.</param>
internal sealed record NodeIdentity(int NodeId, string ClusterId, string Host, int Port);
