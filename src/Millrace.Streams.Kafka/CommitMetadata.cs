using System.Text.Json;

namespace Millrace.Streams.Kafka;

/// <summary>What a transaction writes beside each source offset: which checkpoint of which job it belongs to.</summary>
internal sealed record CommitMetadata(string Millrace, string Job, long Checkpoint)
{
    private const string Version = "1";

    public static string Write(string job, long checkpoint) => JsonSerializer.Serialize(new CommitMetadata(Version, job, checkpoint), JsonSerializerOptions.Web);

    /// <summary>Reads it; <see langword="null"/> when the offset was committed by someone else.</summary>
    public static CommitMetadata? Read(string? metadata)
    {
        if (metadata is null || !metadata.Contains("\"millrace\"", StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<CommitMetadata>(metadata, JsonSerializerOptions.Web) is { Job: not null, Checkpoint: > 0 } read ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
