namespace Millrace.Engines;

/// <summary><c>postmaster.pid</c>, by which a PostgreSQL server says who and how it is: the process id in line 1, the port in line 4, the state in line 8.</summary>
/// <param name="ProcessId">The postmaster's process id.</param>
/// <param name="IsReady">True if it takes connections.</param>
internal sealed record PostmasterFile(int ProcessId, bool IsReady)
{
    private const int StateLine = 7;

    internal static PostmasterFile? Read(string dataDirectory)
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(dataDirectory, "postmaster.pid"));
            return lines.Length > 0 && int.TryParse(lines[0], out var id) && id > 0
                ? new PostmasterFile(id, lines.Length > StateLine && lines[StateLine].Trim() == "ready")
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    internal static bool IsAlive(int processId) => Directory.Exists($"/proc/{processId}");

    /// <summary>True if the process is a PostgreSQL server: after a crash or a reboot the number may belong to another program.</summary>
    internal static bool IsServer(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/comm").Trim() == "postgres";
        }
        catch (IOException)
        {
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
