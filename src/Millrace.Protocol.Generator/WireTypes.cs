namespace Millrace.Protocol.Generator;

/// <summary>How a described type looks in C# and on the wire.</summary>
internal static class WireTypes
{
    /// <summary>The C# name of a scalar.</summary>
    public static string CSharp(string scalar) => scalar switch
    {
        "bool" => "bool",
        "int8" => "sbyte",
        "int16" => "short",
        "uint16" => "ushort",
        "int32" => "int",
        "int64" => "long",
        "float64" => "double",
        "uuid" => "global::System.Guid",
        "string" => "string",
        "bytes" => "byte[]",
        "records" => "global::System.ReadOnlyMemory<byte>",
        "error" => "global::Millrace.Protocol.ErrorCode",
        _ => throw new ArgumentOutOfRangeException(nameof(scalar), scalar, "no such scalar"),
    };

    /// <summary>The part of the reader's and writer's method names that stands for a scalar.</summary>
    public static string Method(string scalar) => scalar switch
    {
        "bool" => "Boolean",
        "error" => "Error",
        _ => char.ToUpperInvariant(scalar[0]) + scalar.Substring(1),
    };

    /// <summary>Whether the encoding of a scalar depends on the version being flexible.</summary>
    public static bool HasLength(string scalar) => scalar is "string" or "bytes" or "records";

    /// <summary>The fewest bytes that an element of an array takes, in any version: the bound on a claimed length.</summary>
    public static int MinimumBytes(WireMessage message, WireField element)
    {
        if (element.Struct is { } nested)
        {
            int sum = message.AlwaysFlexible ? 1 : 0;
            foreach (var field in nested.Fields)
            {
                bool always = field.Versions.Low <= message.Versions.Low && field.Versions.High >= message.Versions.High;
                if (field.Tag is null && always) sum += FieldMinimum(message, field);
            }

            return Math.Max(1, sum);
        }

        return ScalarMinimum(message, element.Scalar!);
    }

    private static int FieldMinimum(WireMessage message, WireField field)
    {
        if (field.IsArray) return message.FlexibleFrom is null ? 4 : 1;
        if (field.Struct is not null) return field.Nullable is null ? MinimumBytes(message, field) : 1;
        return ScalarMinimum(message, field.Scalar!);
    }

    private static int ScalarMinimum(WireMessage message, string scalar) => scalar switch
    {
        "bool" or "int8" => 1,
        "int16" or "uint16" or "error" => 2,
        "int32" => 4,
        "int64" or "float64" => 8,
        "uuid" => 16,
        "string" => message.FlexibleFrom is null ? 2 : 1,
        _ => message.FlexibleFrom is null ? 4 : 1,
    };
}
