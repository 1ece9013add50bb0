namespace Millrace.Broker.Coordination;

/// <summary>A partition by its topic's name.</summary>
internal readonly record struct TopicPartition(string Topic, int Partition)
{
    public override string ToString() => $"{Topic}-{Partition}";
}
