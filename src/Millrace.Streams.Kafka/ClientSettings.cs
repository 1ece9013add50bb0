namespace Millrace.Streams.Kafka;

/// <summary>What the builders of source and sink have in common: the cluster, further client settings, and how they complain.</summary>
internal sealed class ClientSettings(string connector, params (string Key, string Instead)[] reserved)
{
    public string? BootstrapServers { get; set; }

    public Dictionary<string, string> Properties { get; } = new(StringComparer.Ordinal);

    /// <summary>Checks what all clients need.</summary>
    /// <exception cref="InvalidOperationException">Something is missing, or a property is the connector's own; the message names it.</exception>
    public void Check()
    {
        Require(!string.IsNullOrWhiteSpace(BootstrapServers), "bootstrap servers must be set (SetBootstrapServers)");
        Refuse("bootstrap.servers", "Use SetBootstrapServers.");
        foreach (var (key, instead) in reserved)
        {
            Refuse(key, instead);
        }
    }

    /// <summary>Complains in the name of the connector.</summary>
    /// <exception cref="InvalidOperationException">It does not hold.</exception>
    public void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"{connector}: {what}.");
        }
    }

    private void Refuse(string key, string instead)
    {
        if (Properties.ContainsKey(key))
        {
            throw new InvalidOperationException($"{connector}: the property '{key}' is the {(connector.EndsWith("source", StringComparison.Ordinal) ? "source" : "sink")}'s own. {instead}");
        }
    }
}
