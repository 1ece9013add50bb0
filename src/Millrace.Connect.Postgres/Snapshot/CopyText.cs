namespace Millrace.Connect.Postgres.Snapshot;

/// <summary>Splits COPY's text format into values (PostgreSQL documentation, COPY, "Text Format").</summary>
internal static class CopyText
{
    /// <summary>
    /// Takes one value from the line and moves on. A value with escapes is written to <paramref name="scratch"/>, which must be as long as the line.
    /// </summary>
    /// <returns>False for null.</returns>
    internal static bool Next(ref ReadOnlySpan<byte> line, Span<byte> scratch, out ReadOnlySpan<byte> value)
    {
        var end = line.IndexOf((byte)'\t');
        var field = end < 0 ? line : line[..end];
        line = end < 0 ? default : line[(end + 1)..];
        value = field;
        if (field.SequenceEqual("\\N"u8)) return false;
        var escape = field.IndexOf((byte)'\\');
        if (escape < 0) return true;
        var length = 0;
        for (var i = 0; i < field.Length; i++)
        {
            var b = field[i];
            if (b == '\\' && ++i < field.Length)
            {
                b = field[i] switch
                {
                    (byte)'b' => (byte)'\b',
                    (byte)'f' => (byte)'\f',
                    (byte)'n' => (byte)'\n',
                    (byte)'r' => (byte)'\r',
                    (byte)'t' => (byte)'\t',
                    (byte)'v' => (byte)'\v',
                    var other => other,
                };
            }

            scratch[length++] = b;
        }

        value = scratch[..length];
        return true;
    }
}
