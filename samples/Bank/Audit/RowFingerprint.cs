using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Millrace.Samples.Bank.Audit;

/// <summary>
/// Sixty-four bits of a row's contents, so that a million rows can be compared without being kept. Numbers count by their value, not by their digits: 1.5 is 1.50.
/// </summary>
internal static class RowFingerprint
{
    // Dividing by one with all its decimals takes trailing zeros off.
    private const decimal One = 1.0000000000000000000000000000m;

    public static ulong Of(ReadOnlySpan<object?> values)
    {
        var hash = new XxHash3();
        Span<byte> scratch = stackalloc byte[24];
        foreach (var value in values)
        {
            switch (value)
            {
                case null or DBNull:
                    Add(hash, "0"u8);
                    break;
                case string text:
                    // With its length: two neighbours cannot exchange characters unseen.
                    scratch[0] = (byte)'s';
                    MemoryMarshal.Write(scratch[1..], text.Length);
                    Add(hash, scratch[..5]);
                    Add(hash, MemoryMarshal.AsBytes(text.AsSpan()));
                    break;
                case Guid id:
                    scratch[0] = (byte)'g';
                    id.TryWriteBytes(scratch[1..]);
                    Add(hash, scratch[..17]);
                    break;
                case decimal number:
                    scratch[0] = (byte)'d';
                    decimal.GetBits(number / One, MemoryMarshal.Cast<byte, int>(scratch[4..20]));
                    scratch[1..4].Clear();
                    Add(hash, scratch[..20]);
                    break;
                case long number:
                    Number(hash, scratch, 'l', number);
                    break;
                case double number:
                    Number(hash, scratch, 'f', BitConverter.DoubleToInt64Bits(number));
                    break;
                case DateTime time:
                    Number(hash, scratch, 't', time.ToUniversalTime().Ticks);
                    break;
                default:
                    throw new NotSupportedException($"A row with a {value.GetType()} is not compared.");
            }
        }

        return hash.GetCurrentHashAsUInt64();
    }

    /// <summary>A value as a finding shows it.</summary>
    public static string Show(object? value) => value switch
    {
        null or DBNull => "nothing",
        DateTime time => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{value}",
    };

    private static void Number(XxHash3 hash, Span<byte> scratch, char kind, long number)
    {
        scratch[0] = (byte)kind;
        MemoryMarshal.Write(scratch[1..], number);
        Add(hash, scratch[..9]);
    }

    private static void Add(XxHash3 hash, ReadOnlySpan<byte> bytes) => hash.Append(bytes);
}
