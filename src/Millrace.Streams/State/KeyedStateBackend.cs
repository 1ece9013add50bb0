using Millrace.Streams.Checkpoints;
using Millrace.Streams.Operators;
using Millrace.Streams.Serialization;

namespace Millrace.Streams.State;

/// <summary>The keyed states of one operator in one subtask, on the heap.</summary>
internal sealed class KeyedStateBackend<TKey>(OperatorContext context, ITypeSerializer<TKey> keySerializer) : IKeyedStateStore
    where TKey : notnull
{
    private readonly Dictionary<string, IStateTable> _tables = new(StringComparer.Ordinal);
    private readonly SortedRunBuilder _builder = new(context.MaxParallelism);
    private bool _isComplete;

    public TKey CurrentKey { get; set; } = default!;

    /// <summary>How many entries all states have together.</summary>
    public long Count => _tables.Values.Sum(static table => (long)table.Count);

    public string KeySerializerId => keySerializer.Id;

    public StateTable<TKey, TNamespace, TValue> Table<TNamespace, TValue>(
        string name, ITypeSerializer<TNamespace> nsSerializer, ITypeSerializer<TValue> valueSerializer) =>
        GetOrAdd(name, () => new StateTable<TKey, TNamespace, TValue>(name, keySerializer, nsSerializer, valueSerializer, context.TracksChanges));

    public IValueState<T> GetState<T>(ValueStateDescriptor<T> descriptor) => new ValueState<TKey, T>(this, ValueTable(descriptor.Name, descriptor.Serializer));

    public IListState<T> GetListState<T>(ListStateDescriptor<T> descriptor) =>
        new ListState<TKey, T>(this, ValueTable(descriptor.Name, new ListSerializer<T>(descriptor.Serializer)));

    public IMapState<TMapKey, TMapValue> GetMapState<TMapKey, TMapValue>(MapStateDescriptor<TMapKey, TMapValue> descriptor)
        where TMapKey : notnull => new MapState<TKey, TMapKey, TMapValue>(this, GetOrAdd(descriptor.Name, () => new MapTable<TKey, TMapKey, TMapValue>(
            descriptor.Name, keySerializer, descriptor.KeySerializer, descriptor.ValueSerializer, context.TracksChanges)));

    public IReducingState<T> GetReducingState<T>(ReducingStateDescriptor<T> descriptor) =>
        new ReducingState<TKey, T>(this, ValueTable(descriptor.Name, descriptor.Serializer), descriptor.Reduce);

    public IAggregatingState<TIn, TResult> GetAggregatingState<TIn, TAccumulator, TResult>(
        AggregatingStateDescriptor<TIn, TAccumulator, TResult> descriptor) =>
        new AggregatingState<TKey, TIn, TAccumulator, TResult>(this, ValueTable(descriptor.Name, descriptor.Serializer), descriptor.Aggregate);

    /// <summary>Loads what the checkpoint has for the states that the operator declared when it was opened.</summary>
    public void CompleteRestore()
    {
        _isComplete = true;
        var restore = context.Restore;
        if (restore.KeySerializer is { } stored && !string.Equals(stored, keySerializer.Id, StringComparison.Ordinal))
        {
            throw new CheckpointException(
                $"Operator '{context.Uid}': the checkpoint has keys in the format '{stored}', the job's keys have '{keySerializer.Id}'. Keys cannot change their type; use a new uid or a new checkpoint folder.");
        }

        foreach (var (run, range) in restore.Runs)
        {
            foreach (var section in SortedRun.Sections(run))
            {
                Load(run, range, section);
            }
        }
    }

    public byte[]? Snapshot()
    {
        if (!context.TracksChanges)
        {
            return null;
        }

        var run = new StateWriter(4096);
        var sections = 0;
        foreach (var table in _tables.Values)
        {
            table.CollectChanges(_builder);
            if (_builder.HasEntries)
            {
                _builder.WriteSection(run, table.Name, table.Format);
                sections++;
            }
        }

        if (sections == 0)
        {
            return null;
        }

        var whole = new StateWriter(run.Length + 8);
        whole.WriteByte(SortedRunBuilder.Version);
        whole.WriteLength(sections);
        whole.WriteRaw(run.Written);
        return whole.ToArray();
    }

    private void Load(byte[] run, Runtime.KeyGroupRange range, RunSection section)
    {
        if (!_tables.TryGetValue(section.Name, out var table))
        {
            if (context.Restore.AllowNonRestoredState)
            {
                return;
            }

            throw new CheckpointException(
                $"Operator '{context.Uid}': the checkpoint has a state '{section.Name}' that the job no longer declares in Open(). Declare it, or set CheckpointConfig.AllowNonRestoredState to drop it.");
        }

        if (!string.Equals(table.Format, section.Format, StringComparison.Ordinal))
        {
            throw new CheckpointException(
                $"Operator '{context.Uid}', state '{section.Name}': the checkpoint has the format '{section.Format}', the job uses '{table.Format}'. Keep the type and serialiser of the state, or give it a new name.");
        }

        var position = section.Start;
        for (var left = section.Count; left > 0; left--)
        {
            var entry = SortedRun.ReadEntry(run, ref position);
            if (range.Contains(entry.Group) && !entry.IsDelete)
            {
                table.Load(
                    run.AsSpan(entry.KeyStart, entry.KeyLength), run.AsSpan(entry.NsStart, entry.NsLength), run.AsSpan(entry.ValueStart, entry.ValueLength));
            }
        }
    }

    private StateTable<TKey, VoidNamespace, T> ValueTable<T>(string name, ITypeSerializer<T> serializer) =>
        Table(name, TypeSerializers.For<VoidNamespace>(), serializer);

    private TTable GetOrAdd<TTable>(string name, Func<TTable> create)
        where TTable : class, IStateTable
    {
        if (_tables.TryGetValue(name, out var existing))
        {
            return existing as TTable ?? throw new InvalidOperationException(
                $"Operator '{context.OperatorName}' declares the state '{name}' twice with different types.");
        }

        if (_isComplete)
        {
            throw new InvalidOperationException($"Operator '{context.OperatorName}' asks for the state '{name}' after Open(). Obtain states in Open().");
        }

        var table = create();
        _tables[name] = table;
        return table;
    }
}
