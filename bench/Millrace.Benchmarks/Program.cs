using BenchmarkDotNet.Running;
using Millrace.Benchmarks;

if (args is ["log"])
{
    await LogFigures.RunAsync(Console.Out);
    return 0;
}

// The others are BenchmarkDotNet's: --filter '*', --list flat.
BenchmarkSwitcher.FromAssembly(typeof(LogFigures).Assembly).Run(args);
return 0;
