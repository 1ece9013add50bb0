using System.Globalization;

namespace Millrace.Cli.Demo;

/// <summary>Memory of processes as Linux accounts it: the proportional set size, in which shared pages count once.</summary>
internal static class ProcessMemory
{
    /// <summary>Megabytes of a process and all that it started, or null where it cannot be read.</summary>
    public static double? OfTree(int pid)
    {
        if (!OperatingSystem.IsLinux() || pid <= 0) return null;
        var children = Children();
        double kilobytes = 0;
        var open = new Queue<int>([pid]);
        while (open.TryDequeue(out var next))
        {
            kilobytes += Kilobytes(next);
            foreach (var child in children[next]) open.Enqueue(child);
        }

        return Math.Round(kilobytes / 1024, 1);
    }

    /// <summary>Megabytes of this process alone.</summary>
    public static double? OfThis() => OperatingSystem.IsLinux() ? Math.Round(Kilobytes(Environment.ProcessId) / 1024, 1) : null;

    private static double Kilobytes(int pid)
    {
        try
        {
            foreach (var line in File.ReadLines($"/proc/{pid}/smaps_rollup"))
            {
                if (line.StartsWith("Pss:", StringComparison.Ordinal)) return double.Parse(line.AsSpan(4, line.Length - 7), CultureInfo.InvariantCulture);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or belongs to somebody else.
        }

        return 0;
    }

    private static ILookup<int, int> Children()
    {
        var pairs = new List<(int Parent, int Child)>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), out var pid)) continue;
            try
            {
                // The name in parentheses may contain anything; the parent is the second field behind it.
                var stat = File.ReadAllText($"/proc/{pid}/stat");
                pairs.Add((int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1]), pid));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }

        return pairs.ToLookup(static p => p.Parent, static p => p.Child);
    }
}
