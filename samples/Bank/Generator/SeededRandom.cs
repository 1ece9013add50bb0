using System.Numerics;

namespace Millrace.Samples.Bank.Generator;

/// <summary>
/// xoshiro256** (Blackman and Vigna, 2018), seeded by SplitMix64: the same seed gives the same bank on every machine and every .NET version, which
/// <see cref="Random"/> does not promise.
/// </summary>
public sealed class SeededRandom
{
    private ulong _s0, _s1, _s2, _s3;

    /// <summary>Starts a sequence.</summary>
    public SeededRandom(ulong seed)
    {
        (_s0, _s1, _s2, _s3) = (SplitMix(ref seed), SplitMix(ref seed), SplitMix(ref seed), SplitMix(ref seed));
    }

    /// <summary>A sequence of its own for one purpose, so that a change in one part leaves the others as they were.</summary>
    public static SeededRandom For(ulong seed, ulong purpose)
    {
        var mixed = seed ^ (purpose * 0x9E3779B97F4A7C15UL);
        return new SeededRandom(SplitMix(ref mixed));
    }

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        var t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [0, <paramref name="exclusive"/>).</summary>
    public int Next(int exclusive) => (int)(NextDouble() * exclusive);

    /// <summary>Uniform in [<paramref name="from"/>, <paramref name="to"/>).</summary>
    public double Between(double from, double to) => from + (NextDouble() * (to - from));

    /// <summary>True with the given probability.</summary>
    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>One of the items, each as likely as the others.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    /// <summary>Log-normal: most values near <paramref name="median"/>, a few far above, as amounts of money are.</summary>
    public double LogNormal(double median, double sigma) => median * Math.Exp(sigma * NextNormal());

    /// <summary>Time until the next event of a Poisson process, in units of 1/<paramref name="rate"/>.</summary>
    public double Exponential(double rate) => -Math.Log(1 - NextDouble()) / rate;

    /// <summary>A version 4 UUID from this sequence.</summary>
    public Guid NextGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, NextUInt64());
        BitConverter.TryWriteBytes(bytes[8..], NextUInt64());
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    // Box and Muller's transform; the second value is thrown away to keep the sequence simple.
    private double NextNormal() => Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());

    private static ulong SplitMix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
