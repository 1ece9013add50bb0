using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Millrace.Streams.Serialization;

namespace Millrace.Streams.State;

/// <summary>A state's entries in one subtask, as a checkpoint sees them.</summary>
internal interface IStateTable
{
    string Name { get; }

    /// <summary>Names the formats of namespace and value.</summary>
    string Format { get; }

    /// <summary>How many entries there are.</summary>
    int Count { get; }

    /// <summary>Adds what changed since the last call, and starts to follow changes anew.</summary>
    void CollectChanges(SortedRunBuilder run);

    /// <summary>Takes an entry of a checkpoint.</summary>
    void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> ns, ReadOnlySpan<byte> value);
}

/// <summary>Values by key and namespace. It remembers which entries changed, so that a checkpoint costs what changed and not what there is.</summary>
internal sealed class StateTable<TKey, TNamespace, TValue>(
    string name, ITypeSerializer<TKey> keySerializer, ITypeSerializer<TNamespace> nsSerializer, ITypeSerializer<TValue> valueSerializer, bool tracksChanges)
    : IStateTable
    where TKey : notnull
{
    private readonly Dictionary<Address, Slot> _slots = [];
    private readonly List<Address> _changed = [];
    private int _epoch = 1;

    public string Name => name;

    public string Format => $"{nsSerializer.Id}|{valueSerializer.Id}";

    public int Count => _slots.Count;

    /// <summary>The place of a value, made if need be, and marked as changed. The reference holds until the next change of the table.</summary>
    public ref TValue Upsert(TKey key, TNamespace ns, out bool exists)
    {
        var address = new Address(key, ns);
        ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(_slots, address, out exists);
        if (tracksChanges && slot.Epoch != _epoch)
        {
            slot.Epoch = _epoch;
            _changed.Add(address);
        }

        return ref slot.Value;
    }

    public bool TryGet(TKey key, TNamespace ns, [MaybeNullWhen(false)] out TValue value)
    {
        var found = _slots.TryGetValue(new Address(key, ns), out var slot);
        value = slot.Value;
        return found;
    }

    public bool Remove(TKey key, TNamespace ns)
    {
        var address = new Address(key, ns);
        if (!_slots.Remove(address, out var slot))
        {
            return false;
        }

        if (tracksChanges && slot.Epoch != _epoch)
        {
            _changed.Add(address);
        }

        return true;
    }

    public IEnumerable<(TKey Key, TNamespace Namespace, TValue Value)> Entries()
    {
        foreach (var (address, slot) in _slots)
        {
            yield return (address.Key, address.Namespace, slot.Value);
        }
    }

    public void CollectChanges(SortedRunBuilder run)
    {
        foreach (var address in _changed)
        {
            run.Begin();
            keySerializer.Write(run.Key, address.Key);
            nsSerializer.Write(run.Namespace, address.Namespace);
            if (_slots.TryGetValue(address, out var slot))
            {
                valueSerializer.Write(run.Value, slot.Value);
                run.Put();
            }
            else
            {
                run.Delete();
            }
        }

        _changed.Clear();
        _epoch++;
    }

    public void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> ns, ReadOnlySpan<byte> value)
    {
        var keyReader = new StateReader(key);
        var nsReader = new StateReader(ns);
        var valueReader = new StateReader(value);
        _slots[new Address(keySerializer.Read(ref keyReader), nsSerializer.Read(ref nsReader))] =
            new Slot { Value = valueSerializer.Read(ref valueReader) };
    }

    private readonly record struct Address(TKey Key, TNamespace Namespace);

    private struct Slot
    {
        public TValue Value;
        public int Epoch;
    }
}
