using System.Text;

namespace Millrace.Cli.Infrastructure;

/// <summary>Reads a file that somebody takes for a configuration, which it need not be.</summary>
internal static class GivenFile
{
    // No configuration that people write comes near; a log or a data file that was named by mistake soon does.
    private const long MostBytes = 1 << 20;

    /// <summary>The text, without a byte order mark.</summary>
    /// <exception cref="CliException">It cannot be read as a text of that size; the message names the file, and the line where there is one.</exception>
    public static string Read(string path)
    {
        if (Directory.Exists(path)) throw new CliException($"{path}: is a directory; name the files in it");
        var info = new FileInfo(path);
        if (!info.Exists) throw new CliException($"{path}: there is no such file");
        if (info.Length > MostBytes) throw new CliException($"{path}: has {info.Length:N0} bytes, and a configuration has at most {MostBytes:N0}; is it the right file?");
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{path}: cannot be read: {e.Message}", e);
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException e)
        {
            throw new CliException($"{path}:{bytes.AsSpan(0, Math.Max(0, e.Index)).Count((byte)'\n') + 1}: has bytes that are no UTF-8; save the file as UTF-8, or write such characters as \\uXXXX", e);
        }
    }
}
