using System.Diagnostics.CodeAnalysis;
using Millrace.Streams.Serialization;

namespace Millrace.Streams.State;

internal sealed class ValueState<TKey, T>(KeyedStateBackend<TKey> backend, StateTable<TKey, VoidNamespace, T> table) : IValueState<T>
    where TKey : notnull
{
    public T? Value => table.TryGet(backend.CurrentKey, default, out var value) ? value : default;

    public bool TryGet([MaybeNullWhen(false)] out T value) => table.TryGet(backend.CurrentKey, default, out value);

    public void Update(T value) => table.Upsert(backend.CurrentKey, default, out _) = value;

    public void Clear() => table.Remove(backend.CurrentKey, default);
}

internal sealed class ListState<TKey, T>(KeyedStateBackend<TKey> backend, StateTable<TKey, VoidNamespace, List<T>> table) : IListState<T>
    where TKey : notnull
{
    public IReadOnlyList<T> Get() => table.TryGet(backend.CurrentKey, default, out var list) ? list : [];

    public void Add(T value) => Current().Add(value);

    public void AddRange(IEnumerable<T> values) => Current().AddRange(values);

    public void Update(IEnumerable<T> values)
    {
        List<T> list = [.. values];
        if (list.Count == 0)
        {
            Clear();
        }
        else
        {
            table.Upsert(backend.CurrentKey, default, out _) = list;
        }
    }

    public void Clear() => table.Remove(backend.CurrentKey, default);

    private List<T> Current()
    {
        ref var list = ref table.Upsert(backend.CurrentKey, default, out var exists);
        return exists ? list : list = [];
    }
}

internal sealed class MapState<TKey, TMapKey, TMapValue>(KeyedStateBackend<TKey> backend, MapTable<TKey, TMapKey, TMapValue> table)
    : IMapState<TMapKey, TMapValue>
    where TKey : notnull
    where TMapKey : notnull
{
    public int Count => table.Find(backend.CurrentKey)?.Count ?? 0;

    public IEnumerable<KeyValuePair<TMapKey, TMapValue>> Entries => table.Find(backend.CurrentKey) ?? [];

    public bool TryGet(TMapKey key, [MaybeNullWhen(false)] out TMapValue value)
    {
        if (table.Find(backend.CurrentKey) is { } map)
        {
            return map.TryGetValue(key, out value);
        }

        value = default;
        return false;
    }

    public bool Contains(TMapKey key) => table.Find(backend.CurrentKey)?.ContainsKey(key) == true;

    public void Put(TMapKey key, TMapValue value) => table.Put(backend.CurrentKey, key, value);

    public bool Remove(TMapKey key) => table.Remove(backend.CurrentKey, key);

    public void Clear() => table.Clear(backend.CurrentKey);
}

internal sealed class ReducingState<TKey, T>(KeyedStateBackend<TKey> backend, StateTable<TKey, VoidNamespace, T> table, Func<T, T, T> reduce) : IReducingState<T>
    where TKey : notnull
{
    public T? Get() => table.TryGet(backend.CurrentKey, default, out var value) ? value : default;

    public void Add(T value)
    {
        ref var slot = ref table.Upsert(backend.CurrentKey, default, out var exists);
        slot = exists ? reduce(slot, value) : value;
    }

    public void Clear() => table.Remove(backend.CurrentKey, default);
}

internal sealed class AggregatingState<TKey, TIn, TAccumulator, TResult>(
    KeyedStateBackend<TKey> backend, StateTable<TKey, VoidNamespace, TAccumulator> table, IAggregateFunction<TIn, TAccumulator, TResult> aggregate)
    : IAggregatingState<TIn, TResult>
    where TKey : notnull
{
    public TResult? Get() => table.TryGet(backend.CurrentKey, default, out var accumulator) ? aggregate.GetResult(accumulator) : default;

    public void Add(TIn value)
    {
        ref var slot = ref table.Upsert(backend.CurrentKey, default, out var exists);
        slot = aggregate.Add(value, exists ? slot : aggregate.CreateAccumulator());
    }

    public void Clear() => table.Remove(backend.CurrentKey, default);
}
