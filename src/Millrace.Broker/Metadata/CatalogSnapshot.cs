namespace Millrace.Broker.Metadata;

/// <summary>All topics at one moment. A change copies it: changes are rare, and a plain dictionary is the quickest to read and to start with.</summary>
internal sealed class CatalogSnapshot
{
    private readonly Dictionary<string, Topic> _byName;
    private readonly Dictionary<Guid, Topic> _byId;

    private CatalogSnapshot(Dictionary<string, Topic> byName, Dictionary<Guid, Topic> byId, long version)
    {
        Version = version;
        _byName = byName;
        _byId = byId;
        var sorted = new Topic[byName.Count];
        byName.Values.CopyTo(sorted, 0);
        Array.Sort(sorted, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        Sorted = sorted;
    }

    public static CatalogSnapshot Empty { get; } = new(new Dictionary<string, Topic>(StringComparer.Ordinal), [], 0);

    /// <summary>Counts the changes since the start.</summary>
    public long Version { get; }

    public IReadOnlyDictionary<string, Topic> ByName => _byName;

    public IReadOnlyDictionary<Guid, Topic> ById => _byId;

    /// <summary>By name.</summary>
    public IReadOnlyList<Topic> Sorted { get; }

    public CatalogSnapshot With(Topic topic) => new(
        new Dictionary<string, Topic>(_byName, StringComparer.Ordinal) { [topic.Name] = topic }, new Dictionary<Guid, Topic>(_byId) { [topic.Id] = topic }, Version + 1);

    public CatalogSnapshot Without(Topic topic)
    {
        var byName = new Dictionary<string, Topic>(_byName, StringComparer.Ordinal);
        var byId = new Dictionary<Guid, Topic>(_byId);
        byName.Remove(topic.Name);
        byId.Remove(topic.Id);
        return new CatalogSnapshot(byName, byId, Version + 1);
    }
}
