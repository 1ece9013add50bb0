namespace Millrace.Kafka.Testing;

/// <summary>Where data goes that nobody wants to keep: into memory where the system mounts a file system for that and it has room.</summary>
internal static class TemporaryDirectory
{
    private const string Prefix = "millrace-kafka-";
    private const string Memory = "/dev/shm";

    // A container's is often 64 MiB, which a test would fill.
    private const long Room = 512L * 1024 * 1024;

    public static string Create()
    {
        try
        {
            if (Directory.Exists(Memory) && new DriveInfo(Memory).AvailableFreeSpace >= Room)
                return Directory.CreateDirectory(Path.Combine(Memory, Prefix + Guid.NewGuid().ToString("N"))).FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The usual place will do.
        }

        return Directory.CreateTempSubdirectory(Prefix).FullName;
    }
}
