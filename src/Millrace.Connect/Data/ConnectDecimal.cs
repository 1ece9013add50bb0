using System.Globalization;
using System.Numerics;

namespace Millrace.Connect.Data;

/// <summary>A decimal of any size: <c>Unscaled × 10^-Scale</c>, as Connect's logical type Decimal and PostgreSQL's numeric have it.</summary>
/// <param name="Unscaled">All digits as an integer.</param>
/// <param name="Scale">The number of digits after the point; negative moves it to the right.</param>
public readonly record struct ConnectDecimal(BigInteger Unscaled, int Scale)
{
    /// <summary>The unscaled value as big-endian two's complement: the form in which Connect and Avro carry it.</summary>
    public byte[] ToBytes() => Unscaled.ToByteArray(isUnsigned: false, isBigEndian: true);

    /// <summary>Reads the big-endian two's complement form.</summary>
    public static ConnectDecimal FromBytes(ReadOnlySpan<byte> bytes, int scale) => new(new BigInteger(bytes, isUnsigned: false, isBigEndian: true), scale);

    /// <summary>Parses plain notation such as <c>-12.340</c>; the digits after the point give the scale.</summary>
    /// <exception cref="FormatException">The text is not a plain decimal number.</exception>
    public static ConnectDecimal Parse(ReadOnlySpan<char> text)
    {
        var point = text.IndexOf('.');
        if (point < 0) return new(BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture), 0);
        var digits = string.Concat(text[..point], text[(point + 1)..]);
        return new(BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture), text.Length - point - 1);
    }

    /// <summary>The same number at another scale; digits are cut only if they are zeros.</summary>
    /// <exception cref="OverflowException">Digits would be lost.</exception>
    public ConnectDecimal Rescale(int scale)
    {
        if (scale == Scale) return this;
        if (scale > Scale) return new(Unscaled * BigInteger.Pow(10, scale - Scale), scale);
        var quotient = BigInteger.DivRem(Unscaled, BigInteger.Pow(10, Scale - scale), out var remainder);
        return remainder.IsZero ? new(quotient, scale) : throw new OverflowException($"{this} does not fit a scale of {scale}.");
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        if (Scale <= 0) return (Unscaled * BigInteger.Pow(10, -Scale)).ToString(CultureInfo.InvariantCulture);
        var digits = BigInteger.Abs(Unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(Scale + 1, '0');
        return $"{(Unscaled.Sign < 0 ? "-" : "")}{digits.AsSpan(0, digits.Length - Scale)}.{digits.AsSpan(digits.Length - Scale)}";
    }
}
