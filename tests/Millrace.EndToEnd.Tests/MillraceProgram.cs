using Millrace.TestKit;

namespace Millrace.EndToEnd.Tests;

/// <summary>The built <c>millrace</c>, run as its users run it.</summary>
internal static class MillraceProgram
{
    /// <summary>The program of the same configuration as these tests: <c>artifacts/bin/Millrace.Cli/CONFIGURATION/millrace</c>.</summary>
    public static string Path { get; } = Find();

    public static Task<ChildProcess> StartAsync(params IEnumerable<string> arguments) => ChildProcess.StartAsync(Path, arguments);

    /// <summary>Starts a server and waits until it says that it serves.</summary>
    public static async Task<ChildProcess> ServeAsync(params IReadOnlyList<string> arguments)
    {
        var process = await StartAsync(arguments);
        try
        {
            await process.WaitForLineAsync($"ready {arguments[0]} ", TimeSpan.FromSeconds(60));
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private static string Find()
    {
        // …/artifacts/bin/Millrace.EndToEnd.Tests/debug/
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var program = System.IO.Path.Combine(here.Parent!.Parent!.FullName, "Millrace.Cli", here.Name, "millrace");
        return File.Exists(program) ? program : throw new FileNotFoundException($"{program} is not built: dotnet build src/Millrace.Cli");
    }
}
