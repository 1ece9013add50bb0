using System.Runtime.InteropServices;
using Millrace.Streams.Serialization;

namespace Millrace.Streams.State;

/// <summary>Maps by key; the map's own key is the namespace of an entry, so that a checkpoint stores single entries.</summary>
internal sealed class MapTable<TKey, TMapKey, TMapValue>(
    string name, ITypeSerializer<TKey> keySerializer, ITypeSerializer<TMapKey> mapKeySerializer, ITypeSerializer<TMapValue> valueSerializer, bool tracksChanges)
    : IStateTable
    where TKey : notnull
    where TMapKey : notnull
{
    private readonly Dictionary<TKey, Dictionary<TMapKey, TMapValue>> _maps = [];
    private readonly HashSet<(TKey Key, TMapKey MapKey)> _changed = [];

    public string Name => name;

    public int Count { get; private set; }

    public string Format => $"map:{mapKeySerializer.Id}|{valueSerializer.Id}";

    public Dictionary<TMapKey, TMapValue>? Find(TKey key) => _maps.GetValueOrDefault(key);

    public void Put(TKey key, TMapKey mapKey, TMapValue value)
    {
        if (!_maps.TryGetValue(key, out var map))
        {
            _maps[key] = map = [];
        }

        Set(map, mapKey, value);
        Changed(key, mapKey);
    }

    public bool Remove(TKey key, TMapKey mapKey)
    {
        if (!_maps.TryGetValue(key, out var map) || !map.Remove(mapKey))
        {
            return false;
        }

        Count--;
        if (map.Count == 0)
        {
            _maps.Remove(key);
        }

        Changed(key, mapKey);
        return true;
    }

    public void Clear(TKey key)
    {
        if (_maps.Remove(key, out var map))
        {
            Count -= map.Count;
            foreach (var mapKey in map.Keys)
            {
                Changed(key, mapKey);
            }
        }
    }

    public void CollectChanges(SortedRunBuilder run)
    {
        foreach (var (key, mapKey) in _changed)
        {
            run.Begin();
            keySerializer.Write(run.Key, key);
            mapKeySerializer.Write(run.Namespace, mapKey);
            if (_maps.TryGetValue(key, out var map) && map.TryGetValue(mapKey, out var value))
            {
                valueSerializer.Write(run.Value, value);
                run.Put();
            }
            else
            {
                run.Delete();
            }
        }

        _changed.Clear();
    }

    public void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> ns, ReadOnlySpan<byte> value)
    {
        var keyReader = new StateReader(key);
        var nsReader = new StateReader(ns);
        var valueReader = new StateReader(value);
        var owner = keySerializer.Read(ref keyReader);
        if (!_maps.TryGetValue(owner, out var map))
        {
            _maps[owner] = map = [];
        }

        Set(map, mapKeySerializer.Read(ref nsReader), valueSerializer.Read(ref valueReader));
    }

    private void Set(Dictionary<TMapKey, TMapValue> map, TMapKey mapKey, TMapValue value)
    {
        ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(map, mapKey, out var exists);
        slot = value;
        Count += exists ? 0 : 1;
    }

    private void Changed(TKey key, TMapKey mapKey)
    {
        if (tracksChanges)
        {
            _changed.Add((key, mapKey));
        }
    }
}
