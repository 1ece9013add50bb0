namespace Millrace.TestKit;

/// <summary>Where programs of the distribution are that tests use when they are installed.</summary>
public static class InstalledProgram
{
    /// <summary>The full path of a program on the PATH or in the usual system folders, or null.</summary>
    public static string? Find(string name)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Append("/usr/bin").Append("/usr/sbin");
        return folders.Where(f => f.Length > 0).Select(f => Path.Combine(f, name)).FirstOrDefault(File.Exists);
    }

    /// <summary>Like <see cref="Find"/>; skips the test, with the reason, where it is not installed.</summary>
    public static string Require(string name)
    {
        var path = Find(name);
        Assert.SkipWhen(path is null, $"needs {name}, which is not installed here");
        return path!;
    }
}
