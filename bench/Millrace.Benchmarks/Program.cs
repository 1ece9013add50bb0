using Millrace.Benchmarks;

if (args is ["log"])
{
    await LogFigures.RunAsync(Console.Out);
    return 0;
}

await Console.Error.WriteLineAsync("Usage: Millrace.Benchmarks log   (checksums, parsing, appending and reading of the broker's log)");
return 2;
