namespace Millrace.Broker.Metadata;

/// <summary>The data directory as a whole: one broker has it at a time, and it knows its cluster's id (Kafka's <c>meta.properties</c>).</summary>
internal sealed class DataDirectory : IDisposable
{
    private const string LockName = ".lock";
    private const string MetaName = "meta.properties";

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream held, string clusterId, int nodeId)
    {
        Path = path;
        _lock = held;
        ClusterId = clusterId;
        NodeId = nodeId;
    }

    public string Path { get; }

    public string ClusterId { get; }

    public int NodeId { get; }

    /// <summary>Takes the directory, making it if need be.</summary>
    /// <exception cref="BrokerStartException">The directory cannot be used, is in use, or belongs to another cluster or node.</exception>
    public static DataDirectory Open(string path, string? clusterId, int nodeId)
    {
        path = System.IO.Path.GetFullPath(path);
        var held = Lock(path);
        try
        {
            string meta = System.IO.Path.Combine(path, MetaName);
            var known = File.Exists(meta) ? Read(meta) : null;
            string? knownCluster = known?.GetValueOrDefault("cluster.id");
            if (knownCluster is not null && clusterId is not null && knownCluster != clusterId)
                throw new BrokerStartException($"{path} belongs to the cluster '{knownCluster}', not to '{clusterId}': use another data directory, or leave the cluster id out");
            if (known?.GetValueOrDefault("node.id") is { } knownNode && knownNode != $"{nodeId}")
                throw new BrokerStartException($"{path} belongs to node {knownNode}, not to node {nodeId}: use another data directory, or node.id={knownNode}");
            string cluster = knownCluster ?? clusterId ?? NewClusterId();
            if (known is null) Write(meta, cluster, nodeId);
            return new DataDirectory(path, held, cluster, nodeId);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose() => _lock.Dispose();

    private static FileStream Lock(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BrokerStartException($"the data directory {path} cannot be made: {e.Message}. Give one that this user may write: --data DIR", e);
        }

        try
        {
            // FileShare.None is an exclusive lock of the operating system, which a killed process cannot leave behind.
            return new FileStream(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new BrokerStartException($"the data directory {path} cannot be written by this user. Change its owner, or give another one: --data DIR", e);
        }
        catch (IOException e)
        {
            throw new BrokerStartException($"the data directory {path} is in use by another broker. Stop that one, or give this one its own: --data DIR", e);
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
