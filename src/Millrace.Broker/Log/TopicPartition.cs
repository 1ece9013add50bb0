namespace Millrace.Broker.Log;

/// <summary>One partition of a topic.</summary>
internal readonly record struct TopicPartition(string Topic, int Partition)
{
    /// <summary>The name that Kafka gives the partition's directory.</summary>
    public override string ToString() => $"{Topic}-{Partition}";

    /// <summary>Reads a directory's name back: the partition is what follows the last dash.</summary>
    public static bool TryParse(string name, out TopicPartition partition)
    {
        partition = default;
        var dash = name.LastIndexOf('-');
        if (dash <= 0 || !int.TryParse(name.AsSpan(dash + 1), System.Globalization.NumberStyles.None, null, out var number))
            return false;
        partition = new TopicPartition(name[..dash], number);
        return true;
    }
}
