using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text.Json;

namespace Millrace.Streams.Checkpoints;

/// <summary>
/// A checkpoint as one file, so that one flush and one rename publish it: magic, sorted runs, the manifest as JSON, and a footer with the manifest's length and
/// xxHash3 and the magic again. The manifest refers to runs in this file and in those of earlier checkpoints.
/// </summary>
internal static class CheckpointFile
{
    private const int FooterLength = sizeof(int) + sizeof(ulong) + 8;
    private const string Prefix = "chk-";
    private const string Suffix = ".ckpt";

    public static int HeaderLength => Magic.Length;

    private static ReadOnlySpan<byte> Magic => "MRCKPT1\n"u8;

    public static string NameOf(long checkpointId) => $"{Prefix}{checkpointId:D10}{Suffix}";

    public static long? IdOf(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal)
        && long.TryParse(name.AsSpan(Prefix.Length, name.Length - Prefix.Length - Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id : null;

    public static async Task<long> WriteAsync(
        CheckpointStore store, CheckpointManifest manifest, IReadOnlyList<byte[]> runs, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(manifest);
        var footer = new byte[FooterLength];
        BinaryPrimitives.WriteInt32LittleEndian(footer, json.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(footer.AsSpan(sizeof(int)), XxHash3.HashToUInt64(json));
        Magic.CopyTo(footer.AsSpan(sizeof(int) + sizeof(ulong)));
        List<ReadOnlyMemory<byte>> parts = [Magic.ToArray(), .. runs.Select(static run => (ReadOnlyMemory<byte>)run), json, footer];
        await store.WriteAsync(NameOf(manifest.CheckpointId), parts, cancellationToken);
        return parts.Sum(static part => (long)part.Length);
    }

    /// <summary>Reads a checkpoint's manifest.</summary>
    /// <exception cref="CheckpointException">The file is damaged, or newer than this program.</exception>
    public static CheckpointManifest ReadManifest(CheckpointStore store, long checkpointId)
    {
        var name = NameOf(checkpointId);
        try
        {
            var length = store.Length(name);
            if (length < HeaderLength + FooterLength)
            {
                throw new InvalidDataException($"it has {length} bytes only.");
            }

            var footer = store.Read(name, length - FooterLength, FooterLength);
            var jsonLength = BinaryPrimitives.ReadInt32LittleEndian(footer);
            if (!footer.AsSpan(sizeof(int) + sizeof(ulong)).SequenceEqual(Magic) || jsonLength <= 0 || jsonLength > length - HeaderLength - FooterLength)
            {
                throw new InvalidDataException("its footer is damaged.");
            }

            var json = store.Read(name, length - FooterLength - jsonLength, jsonLength);
            if (XxHash3.HashToUInt64(json) != BinaryPrimitives.ReadUInt64LittleEndian(footer.AsSpan(sizeof(int))))
            {
                throw new InvalidDataException("its manifest does not match its checksum.");
            }

            var manifest = JsonSerializer.Deserialize<CheckpointManifest>(json) ?? throw new InvalidDataException("its manifest is empty.");
            return manifest.Format == CheckpointManifest.CurrentFormat ? manifest
                : throw new InvalidDataException($"it has format {manifest.Format}; this program reads {CheckpointManifest.CurrentFormat}.");
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or JsonException or KeyNotFoundException)
        {
            throw new CheckpointException($"Checkpoint {checkpointId} in '{store.Description}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Reads a run and checks it.</summary>
    /// <exception cref="CheckpointException">It is not there or damaged.</exception>
    public static byte[] ReadRun(CheckpointStore store, RunReference run)
    {
        try
        {
            var bytes = store.Read(run.File, run.Offset, run.Length);
            return XxHash3.HashToUInt64(bytes) == run.Hash ? bytes : throw new InvalidDataException("it does not match its checksum.");
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or KeyNotFoundException)
        {
            throw new CheckpointException(
                $"The state at {run.Offset}+{run.Length} of '{run.File}' in '{store.Description}' cannot be read: {exception.Message}", exception);
        }
    }
}
