namespace Millrace.TestKit;

/// <summary>A directory of the test's own, deleted when disposed.</summary>
public sealed class TempDirectory : IDisposable
{
    public TempDirectory(string purpose = "test")
    {
        Path = Directory.CreateTempSubdirectory($"millrace-{purpose}-").FullName;
    }

    public string Path { get; }

    public string Combine(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);

    public static implicit operator string(TempDirectory directory) => directory.Path;

    public override string ToString() => Path;

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // The test removed it itself.
        }
        catch (IOException)
        {
            // A process that is just ending may still write; the system's temporary directory is cleaned by the system.
        }
    }
}
