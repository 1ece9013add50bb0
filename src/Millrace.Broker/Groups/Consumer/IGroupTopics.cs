namespace Millrace.Broker.Groups.Consumer;

/// <summary>A topic as the group coordinator sees it.</summary>
internal sealed record GroupTopic(string Name, Guid Id, int Partitions);

/// <summary>The broker's topics at this moment; consumer groups follow them without being told.</summary>
internal interface IGroupTopics
{
    /// <summary>Changes whenever a topic is created, deleted or grows.</summary>
    long Version { get; }

    IEnumerable<string> Names { get; }

    GroupTopic? Find(string name);

    GroupTopic? Find(Guid id);
}

/// <summary>For tests and for coordinators of classic groups alone: no topics at all.</summary>
internal sealed class NoGroupTopics : IGroupTopics
{
    public static NoGroupTopics Instance { get; } = new();

    public long Version => 0;

    public IEnumerable<string> Names => [];

    public GroupTopic? Find(string name) => null;

    public GroupTopic? Find(Guid id) => null;
}
