using System.Globalization;

namespace Millrace.Connect.ClickHouse;

/// <summary>The families of ClickHouse's types that values are converted for; all other types take JSON as it is.</summary>
internal enum ColumnKind
{
    Integer,
    Float,
    Decimal,
    Boolean,
    Text,
    Uuid,
    Date,
    DateTime,
    Array,
    Other,
}

/// <summary>A column's type, taken apart as far as conversion needs it.</summary>
/// <param name="Text">The type as ClickHouse writes it.</param>
/// <param name="Kind">Its family.</param>
/// <param name="IsNullable">True for Nullable.</param>
/// <param name="Bits">An integer's width.</param>
/// <param name="IsUnsigned">True for an unsigned integer.</param>
/// <param name="Precision">A decimal's digits.</param>
/// <param name="Scale">A decimal's digits after the point.</param>
/// <param name="Element">An array's element type.</param>
internal sealed record ColumnType(
    string Text, ColumnKind Kind, bool IsNullable = false, int Bits = 0, bool IsUnsigned = false, int Precision = 0, int Scale = 0, ColumnType? Element = null)
{
    internal static ColumnType Parse(string text)
    {
        var (name, arguments) = Split(text);
        switch (name)
        {
            case "Nullable":
                return Parse(arguments) with { IsNullable = true, Text = text };
            case "LowCardinality":
                return Parse(arguments) with { Text = text };
            case "SimpleAggregateFunction":
                return Parse(arguments[(arguments.IndexOf(',', StringComparison.Ordinal) + 1)..].Trim()) with { Text = text };
            case "Array":
                return new ColumnType(text, ColumnKind.Array, Element: Parse(arguments));
            case "String" or "FixedString":
                return new ColumnType(text, ColumnKind.Text);
            case "UUID":
                return new ColumnType(text, ColumnKind.Uuid);
            case "Bool":
                return new ColumnType(text, ColumnKind.Boolean);
            case "Date" or "Date32":
                return new ColumnType(text, ColumnKind.Date);
            case "DateTime" or "DateTime32" or "DateTime64":
                return new ColumnType(text, ColumnKind.DateTime);
            case "Float32" or "Float64" or "BFloat16":
                return new ColumnType(text, ColumnKind.Float);
            case "Decimal":
                var parts = arguments.Split(',');
                return new ColumnType(text, ColumnKind.Decimal, Precision: Number(parts[0]), Scale: parts.Length > 1 ? Number(parts[1]) : 0);
        }

        var isUnsigned = name.StartsWith("UInt", StringComparison.Ordinal);
        if ((isUnsigned || name.StartsWith("Int", StringComparison.Ordinal)) && int.TryParse(name.AsSpan(isUnsigned ? 4 : 3), NumberStyles.None, CultureInfo.InvariantCulture, out var bits))
            return new ColumnType(text, ColumnKind.Integer, Bits: bits, IsUnsigned: isUnsigned);
        return new ColumnType(text, ColumnKind.Other);
    }

    private static (string Name, string Arguments) Split(string text)
    {
        var open = text.IndexOf('(', StringComparison.Ordinal);
        return open < 0 ? (text, "") : (text[..open], text[(open + 1)..text.LastIndexOf(')')]);
    }

    private static int Number(string text) => int.Parse(text.Trim(), CultureInfo.InvariantCulture);
}
