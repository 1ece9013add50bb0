using Millrace.TestKit;

namespace Millrace.Cli.Tests.Support;

/// <summary>The built program, run as a process the way people run it.</summary>
internal static class MillraceProgram
{
    /// <summary>The built program of the same configuration as these tests.</summary>
    public static string File { get; } = Find();

    /// <summary>Runs a command to its end.</summary>
    public static Task<Ended> RunAsync(params string[] arguments) => RunAsync(arguments, null);

    public static async Task<Ended> RunAsync(string[] arguments, IReadOnlyDictionary<string, string?>? environment, string? workingDirectory = null)
    {
        await using var process = await ChildProcess.StartAsync(File, arguments, environment, workingDirectory);
        await process.WaitForExitAsync(TimeSpan.FromMinutes(2));
        return new Ended(process.ExitCode, string.Join('\n', process.StandardOutput), string.Join('\n', process.StandardError));
    }

    /// <summary>Runs a command with text on its standard input.</summary>
    public static async Task<Ended> RunWithInputAsync(string input, params string[] arguments)
    {
        using var directory = new TempDirectory("stdin");
        var file = directory.Combine("input");
        await System.IO.File.WriteAllTextAsync(file, input);
        await using var process = await ChildProcess.StartAsync("/bin/bash", ["-c", "input=$1; shift; exec \"$@\" <\"$input\"", "run", file, File, .. arguments]);
        await process.WaitForExitAsync(TimeSpan.FromMinutes(2));
        return new Ended(process.ExitCode, string.Join('\n', process.StandardOutput), string.Join('\n', process.StandardError));
    }

    /// <summary>Starts a server and waits until it says that it is ready.</summary>
    public static async Task<RunningServer> StartAsync(string[] arguments, IReadOnlyDictionary<string, string?>? environment = null, string? workingDirectory = null)
    {
        var process = await ChildProcess.StartAsync(File, arguments, environment, workingDirectory);
        try
        {
            var line = await process.WaitForLineAsync("ready ", TimeSpan.FromMinutes(1));
            return new RunningServer(process, line.Split(' ')[^1]);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    // artifacts/bin/<project>/<configuration>/
    private static string Find()
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        var program = Path.Combine(here.Parent!.Parent!.FullName, "Millrace.Cli", here.Name, "millrace");
        return System.IO.File.Exists(program) ? program : throw new FileNotFoundException($"The program is not built at {program}.");
    }
}

/// <summary>What a command said and how it ended.</summary>
internal sealed record Ended(int ExitCode, string Output, string Error)
{
    /// <summary>A failure that a person can mend: code 1, nothing on standard output, no stack trace.</summary>
    public string Refusal() => Refusal(1);

    /// <summary>A command line that is not understood: code 2, and the same otherwise.</summary>
    public string Misunderstanding() => Refusal(2);

    private string Refusal(int code)
    {
        Assert.True(ExitCode == code, $"exit code {ExitCode}\n{Output}\n{Error}");
        Assert.Equal("", Output);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", Error, StringComparison.Ordinal);
        return Error;
    }

    public Ended Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Error}");
        return this;
    }
}

/// <summary>A server of the program.</summary>
internal sealed record RunningServer(ChildProcess Process, string Address) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
