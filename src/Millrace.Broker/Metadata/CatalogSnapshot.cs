using System.Collections.Immutable;

namespace Millrace.Broker.Metadata;

/// <summary>All topics at one moment.</summary>
internal sealed class CatalogSnapshot
{
    private CatalogSnapshot(ImmutableDictionary<string, Topic> byName, ImmutableDictionary<Guid, Topic> byId)
    {
        ByName = byName;
        ById = byId;
        Sorted = [.. byName.Values.OrderBy(static t => t.Name, StringComparer.Ordinal)];
    }

    public static CatalogSnapshot Empty { get; } =
        new(ImmutableDictionary.Create<string, Topic>(StringComparer.Ordinal), ImmutableDictionary<Guid, Topic>.Empty);

    public ImmutableDictionary<string, Topic> ByName { get; }

    public ImmutableDictionary<Guid, Topic> ById { get; }

    public ImmutableArray<Topic> Sorted { get; }

    public CatalogSnapshot With(Topic topic) => new(ByName.SetItem(topic.Name, topic), ById.SetItem(topic.Id, topic));

    public CatalogSnapshot Without(Topic topic) => new(ByName.Remove(topic.Name), ById.Remove(topic.Id));
}
