using Millrace.Broker.Coordination;
using Millrace.Protocol;

namespace Millrace.Broker.Tests.Groups;

/// <summary>A coordinator's topic in memory. It outlives the coordinators, so that a test can "kill" one and load the next from it.</summary>
internal sealed class InMemoryCoordinatorLog(string topic, int partitions = 4) : ICoordinatorLog
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, List<LoadedEntry>> _entries = [];

    /// <summary>Fails appends while set.</summary>
    public ErrorCode Failure { get; set; }

    public int Appends { get; private set; }

    public string Topic => topic;

    public int PartitionCount => partitions;

    public ValueTask EnsureCreatedAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public async ValueTask<AppendOutcome> AppendAsync(int partition, IReadOnlyList<CoordinatorRecord> records, ProducerStamp? transaction = null)
    {
        // Not inline: whoever assumes that an append ends at once shall be found out.
        await Task.Yield();
        lock (_lock)
        {
            if (Failure != ErrorCode.None) return new AppendOutcome(Failure, -1);
            Appends++;
            var list = Partition(partition);
            var first = list.Count;
            foreach (var record in records) list.Add(new LoadedEntry(record, list.Count, transaction, null));
            return new AppendOutcome(ErrorCode.None, first);
        }
    }

    public void AppendMarker(int partition, ProducerStamp producer, bool commit)
    {
        lock (_lock)
        {
            var list = Partition(partition);
            list.Add(new LoadedEntry(default, list.Count, producer, commit));
        }
    }

    public ValueTask CutAsync(int partition, long offset) => ValueTask.CompletedTask;

    public IEnumerable<LoadedEntry> Read(int partition)
    {
        lock (_lock)
        {
            return [.. Partition(partition)];
        }
    }

    private List<LoadedEntry> Partition(int partition)
    {
        if (!_entries.TryGetValue(partition, out var list)) _entries[partition] = list = [];
        return list;
    }
}
