using System.Globalization;
using System.Text;
using Millrace.Connect.Data;

namespace Millrace.Connect.Converters;

/// <summary>Text in UTF-8: Kafka Connect's StringConverter.</summary>
public sealed class StringConverter : IConverter
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <inheritdoc/>
    public void Configure(IReadOnlyDictionary<string, string> config, bool isKey)
    {
        foreach (var (key, value) in config)
        {
            if (key is not ("encoding" or "converter.type") || (key == "encoding" && !value.Equals("UTF-8", StringComparison.OrdinalIgnoreCase) && !value.Equals("UTF8", StringComparison.OrdinalIgnoreCase)))
                throw new ConfigException($"StringConverter: \"{key}={value}\" is not supported; the encoding is always UTF-8.");
        }
    }

    /// <inheritdoc/>
    public byte[]? FromConnectData(string topic, ConnectSchema? schema, object? value) => value switch
    {
        null => null,
        string text => Strict.GetBytes(text),
        bool flag => flag ? "true"u8.ToArray() : "false"u8.ToArray(),
        IFormattable formattable => Strict.GetBytes(formattable.ToString(null, CultureInfo.InvariantCulture)),
        _ => Strict.GetBytes(value.ToString() ?? ""),
    };

    /// <inheritdoc/>
    public SchemaAndValue ToConnectData(string topic, ReadOnlySpan<byte> bytes, bool isNull)
    {
        try
        {
            return new(ConnectSchema.OptionalString, isNull ? null : Strict.GetString(bytes));
        }
        catch (DecoderFallbackException e)
        {
            throw new DataException($"A record of topic {topic} is not UTF-8 text; use ByteArrayConverter for bytes.", e);
        }
    }
}
