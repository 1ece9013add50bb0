using System.CommandLine;
using Millrace.Cli;
using Millrace.Cli.Infrastructure;

using var termination = new Termination();
var configuration = new InvocationConfiguration { ProcessTerminationTimeout = null };
var parsed = Root.CreateFor(args).Parse(args).WithShortErrors(configuration);
return parsed.ExitCode(await parsed.InvokeAsync(configuration, termination.Token));
