using Millrace.Broker.Network;

namespace Millrace.Broker.Cluster;

/// <summary>The nodes that one process plays in a test.</summary>
/// <param name="Brokers">How many; their ids follow the first one's.</param>
/// <param name="DefaultReplicationFactor">Replicas of a topic that does not say, and of internal topics; at most as many as there are nodes.</param>
/// <param name="Interceptor">Sees every request first; null for none.</param>
internal sealed record ClusterSettings(int Brokers, int DefaultReplicationFactor, IRequestInterceptor? Interceptor);
