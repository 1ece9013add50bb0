namespace Millrace.Kafka.Configuration;

/// <summary>What the commonest settings do, in a sentence.</summary>
internal static class KeyEffects
{
    internal static string Describe(string key, string value, string writtenAs)
    {
        var effect = Sentence(key, value) ?? "passed on to librdkafka";
        return key == writtenAs ? effect : $"{effect} (librdkafka: {key}={(KeyTable.IsSecret(key) ? "********" : value)})";
    }

    private static string? Sentence(string key, string value) => key switch
    {
        "acks" when value is "all" or "-1" => "a record is acknowledged when all in-sync replicas have it",
        "acks" when value == "1" => "a record is acknowledged when the leader has it: it is lost if the leader fails next",
        "acks" => "a record is never acknowledged: losses go unnoticed",
        "retries" => $"a failed send is repeated up to {value} times, until delivery.timeout.ms is over",
        "max.in.flight.requests.per.connection" => $"up to {value} requests are under way per broker",
        "enable.idempotence" when value == "true" => "repeated sends write a record once and in order",
        "enable.idempotence" => "repeated sends may write a record twice",
        "batch.size" => $"a batch holds up to {value} bytes",
        "linger.ms" => $"a batch waits up to {value} ms for more records",
        "compression.type" => value == "none" ? "batches are not compressed" : $"batches are compressed with {value}",
        "delivery.timeout.ms" => $"a record that is not acknowledged after {value} ms has failed",
        "transactional.id" => "sends can be grouped into transactions; an older producer with this id is fenced",
        "partitioner" when value == "murmur2_random" => "keys go to the partitions where Java's producer puts them",
        "group.id" => $"a member of the group {value}",
        "group.instance.id" => $"a static member: {value} keeps its partitions when it comes back within session.timeout.ms",
        "partition.assignment.strategy" when value == "cooperative-sticky" => "at a rebalance only partitions that move are stopped",
        "partition.assignment.strategy" => "at a rebalance all partitions are stopped",
        "session.timeout.ms" => $"a member that is silent for {value} ms is removed from the group",
        "heartbeat.interval.ms" => $"the member reports every {value} ms",
        "max.poll.interval.ms" => $"a member that does not ask for records for {value} ms loses its partitions",
        "auto.offset.reset" when value == "error" => "without a committed offset reading fails",
        "auto.offset.reset" => $"without a committed offset reading starts at the {(value is "earliest" or "smallest" or "beginning" ? "first" : "next")} record",
        "isolation.level" when value == "read_committed" => "records of open and aborted transactions are not read",
        "isolation.level" => "records of open and aborted transactions are read",
        "enable.auto.commit" when value == "true" => "offsets are committed by time, finished or not: the SDK's consumers refuse this",
        "enable.auto.commit" => "offsets are committed when their records are finished",
        "bootstrap.servers" => "brokers to ask first",
        "client.id" => "the name in logs, quotas and metrics",
        _ => null,
    };
}
