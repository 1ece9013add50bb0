namespace Millrace.Broker.Coordination;

/// <summary>Which partition of an internal topic holds a key, as Apache Kafka computes it: the absolute value of Java's <c>String.hashCode</c>.</summary>
internal static class KeyPartitioning
{
    public static int PartitionFor(string key, int partitionCount)
    {
        var hash = 0;
        foreach (var unit in key) hash = unchecked((hash * 31) + unit);
        // Kafka's abs: the sign bit cleared only for the one value that has no positive counterpart.
        return (hash == int.MinValue ? 0 : Math.Abs(hash)) % partitionCount;
    }
}
