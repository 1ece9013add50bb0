namespace Millrace.Broker.Metadata;

/// <summary>The data directory knows its cluster and node (Kafka's <c>meta.properties</c>). The log manager locks it.</summary>
internal sealed class DataDirectory
{
    private const string MetaName = "meta.properties";

    private DataDirectory(string path, string clusterId)
    {
        Path = path;
        ClusterId = clusterId;
    }

    public string Path { get; }

    public string ClusterId { get; }

    /// <summary>Makes the directory if need be, and reads or gives its cluster's id.</summary>
    /// <exception cref="BrokerStartException">The directory cannot be used, or belongs to another cluster or node.</exception>
    public static DataDirectory Open(string path, string? clusterId, int nodeId)
    {
        path = System.IO.Path.GetFullPath(path);
        string meta = System.IO.Path.Combine(path, MetaName);
        try
        {
            Directory.CreateDirectory(path);
            var known = File.Exists(meta) ? Read(meta) : null;
            string? knownCluster = known?.GetValueOrDefault("cluster.id");
            if (knownCluster is not null && clusterId is not null && knownCluster != clusterId)
                throw new BrokerStartException($"{path} belongs to the cluster '{knownCluster}', not to '{clusterId}': use another data directory, or leave the cluster id out");
            if (known?.GetValueOrDefault("node.id") is { } knownNode && knownNode != $"{nodeId}")
                throw new BrokerStartException($"{path} belongs to node {knownNode}, not to node {nodeId}: use another data directory, or node.id={knownNode}");
            string cluster = knownCluster ?? clusterId ?? NewClusterId();
            if (known is null) Write(meta, cluster, nodeId);
            return new DataDirectory(path, cluster);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BrokerStartException($"the data directory {path} cannot be used: {e.Message}. Give one that this user may write: --data DIR", e);
        }
    }

    private static Dictionary<string, string> Read(string file)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(file))
        {
            int equals = line.IndexOf('=');
            if (equals > 0 && line[0] != '#') values[line[..equals].Trim()] = line[(equals + 1)..].Trim();
        }

        return values;
    }

    private static void Write(string file, string clusterId, int nodeId) =>
        File.WriteAllText(file, $"#\nversion=1\ncluster.id={clusterId}\nnode.id={nodeId}\ndirectory.id={NewClusterId()}\n");

    /// <summary>Kafka's form of an id: 16 random bytes in URL-safe base64. A leading dash would look like an option.</summary>
    private static string NewClusterId()
    {
        while (true)
        {
            string id = System.Buffers.Text.Base64Url.EncodeToString(Guid.NewGuid().ToByteArray());
            if (id[0] != '-') return id;
        }
    }
}
