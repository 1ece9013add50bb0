namespace Millrace.Connect.Data;

/// <summary>The types of Kafka Connect's data model, and the .NET type that carries each.</summary>
public enum ConnectType
{
    /// <summary><see cref="sbyte"/>.</summary>
    Int8,

    /// <summary><see cref="short"/>.</summary>
    Int16,

    /// <summary><see cref="int"/>.</summary>
    Int32,

    /// <summary><see cref="long"/>.</summary>
    Int64,

    /// <summary><see cref="float"/>.</summary>
    Float32,

    /// <summary><see cref="double"/>.</summary>
    Float64,

    /// <summary><see cref="bool"/>.</summary>
    Boolean,

    /// <summary><see cref="string"/>.</summary>
    String,

    /// <summary>An array of bytes; a <see cref="ConnectDecimal"/> under the logical type <see cref="LogicalTypes.Decimal"/>.</summary>
    Bytes,

    /// <summary><see cref="IReadOnlyList{T}"/> of <see cref="object"/>.</summary>
    Array,

    /// <summary><see cref="IReadOnlyDictionary{TKey,TValue}"/> from <see cref="object"/> (or <see cref="string"/>) to <see cref="object"/>.</summary>
    Map,

    /// <summary><see cref="Data.Struct"/>.</summary>
    Struct,
}
