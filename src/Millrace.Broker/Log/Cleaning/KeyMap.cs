using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Millrace.Broker.Log.Cleaning;

/// <summary>
/// The last offset of each key in the part of a log that is compacted. Keys are held as 128-bit hashes with a random seed, so that nobody can
/// craft two keys that are taken for one.
/// </summary>
internal sealed class KeyMap(int capacity)
{
    private readonly Dictionary<UInt128, long> _offsets = [];
    private readonly long _seed = Random.Shared.NextInt64();

    public bool IsFull => _offsets.Count >= capacity;

    /// <summary>Offset of the last record that is in the map; later ones were not looked at.</summary>
    public long LatestOffset { get; set; } = -1;

    public int Count => _offsets.Count;

    public void Put(ReadOnlySpan<byte> key, long offset) => CollectionsMarshal.GetValueRefOrAddDefault(_offsets, Hash(key), out _) = offset;

    /// <summary>The last offset of a key, or −1.</summary>
    public long Get(ReadOnlySpan<byte> key) => _offsets.TryGetValue(Hash(key), out var offset) ? offset : -1;

    private UInt128 Hash(ReadOnlySpan<byte> key) => XxHash128.HashToUInt128(key, _seed);
}
