using System.CommandLine;
using Millrace.Cli;
using Millrace.Cli.Infrastructure;

var configuration = new InvocationConfiguration
{
    // A server drains and commits before it ends; whoever cannot wait sends SIGKILL, and loses nothing that was acknowledged.
    ProcessTerminationTimeout = TimeSpan.FromSeconds(60),
};
return await Root.CreateFor(args).Parse(args).WithShortErrors(configuration).InvokeAsync(configuration);
