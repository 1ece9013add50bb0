using System.CommandLine;
using Millrace.Cli;
using Millrace.Cli.Infrastructure;

using var termination = new Termination();
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = null };
var root = Root.CreateFor(args);
foreach (var problem in Variables.Problems(static () => Root.Create())) Terminal.Error.WriteLine($"millrace: warning: {problem}");
var parsed = root.Parse(args).WithShortErrors(configuration);
return parsed.ExitCode(await parsed.InvokeAsync(configuration, termination.Token));
