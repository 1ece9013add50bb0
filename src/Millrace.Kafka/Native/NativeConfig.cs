using System.Globalization;

namespace Millrace.Kafka.Native;

/// <summary>Asks librdkafka itself whether a key and its value are valid.</summary>
internal static unsafe class NativeConfig
{
    private const int Unknown = -2;

    /// <summary>Null, or what is wrong.</summary>
    internal static string? Check(string key, string value)
    {
        var conf = LibRdKafka.rd_kafka_conf_new();
        try
        {
            var error = stackalloc byte[NativeText.ErrorBufferSize];
            return LibRdKafka.rd_kafka_conf_set(conf, key, value, error, NativeText.ErrorBufferSize) switch
            {
                0 => CheckNumber(conf, key, value),
                Unknown => "is not a key that Kafka's clients know. Check its spelling, or remove it",
                _ => NativeText.From(error),
            };
        }
        finally
        {
            LibRdKafka.rd_kafka_conf_destroy(conf);
        }
    }

    /// <summary>librdkafka reads "5x" as 5. So a value that begins like a number must be the number that it has understood.</summary>
    private static string? CheckNumber(nint conf, string key, string value)
    {
        if (value.Length == 0 || !(char.IsAsciiDigit(value[0]) || value[0] == '-'))
            return null;
        var buffer = stackalloc byte[NativeText.ErrorBufferSize];
        var size = (nuint)NativeText.ErrorBufferSize;
        if (LibRdKafka.rd_kafka_conf_get(conf, key, buffer, &size) != 0)
            return null;
        var understood = NativeText.From(buffer);
        return long.TryParse(understood, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && !(long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var meant) && meant == number)
            ? $"'{value}' is not a whole number"
            : null;
    }
}
