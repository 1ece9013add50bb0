namespace Millrace.Kafka.Testing;

/// <summary>One of the brokers of an <see cref="EmbeddedKafka"/>.</summary>
/// <param name="Id">The node's id, from 1 on.</param>
/// <param name="Address">HOST:PORT.</param>
/// <param name="IsRunning">Whether it serves.</param>
public sealed record EmbeddedBroker(int Id, string Address, bool IsRunning);

/// <summary>Where a partition is, as the brokers see it at one moment.</summary>
/// <param name="Leader">The broker that serves it; null while there is none.</param>
/// <param name="LeaderEpoch">Counts the leaders.</param>
/// <param name="Replicas">The brokers that hold it; the first is the preferred leader.</param>
/// <param name="InSyncReplicas">Those that have all of it.</param>
/// <param name="EndOffset">The offset that the next record gets.</param>
public sealed record PartitionState(int? Leader, int LeaderEpoch, IReadOnlyList<int> Replicas, IReadOnlyList<int> InSyncReplicas, long EndOffset);
