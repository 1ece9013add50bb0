using Millrace.Connect.Data;

namespace Millrace.Connect.Converters;

/// <summary>A value with its schema; the schema is null where there is none.</summary>
public readonly record struct SchemaAndValue(ConnectSchema? Schema, object? Value);

/// <summary>Turns Connect's values into bytes and back. Used by one task only.</summary>
public interface IConverter
{
    /// <summary>Gives the settings, without the prefix <c>key.converter.</c> or <c>value.converter.</c>.</summary>
    void Configure(IReadOnlyDictionary<string, string> config, bool isKey);

    /// <summary>The bytes of a value; null stays null (a tombstone).</summary>
    /// <exception cref="DataException">The value does not fit its schema.</exception>
    byte[]? FromConnectData(string topic, ConnectSchema? schema, object? value);

    /// <summary>The value of bytes; <paramref name="isNull"/> tells null from empty.</summary>
    /// <exception cref="DataException">The bytes cannot be read.</exception>
    SchemaAndValue ToConnectData(string topic, ReadOnlySpan<byte> bytes, bool isNull);
}

/// <summary>Turns header values into bytes and back.</summary>
public interface IHeaderConverter
{
    /// <summary>The bytes of a header's value.</summary>
    byte[]? FromConnectHeader(string topic, ConnectHeader header);

    /// <summary>The header of bytes.</summary>
    ConnectHeader ToConnectHeader(string topic, string key, byte[]? bytes);
}
