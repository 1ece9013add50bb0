using System.CommandLine;
using System.CommandLine.Invocation;
using System.Net.Sockets;

namespace Millrace.Cli.Infrastructure;

/// <summary>The one catch around each command: what a person can mend is one line on standard error and exit code 1.</summary>
internal static class Boundary
{
    /// <summary>A failure that a person can mend.</summary>
    public const int Failed = 1;

    /// <summary>The command line, or a variable that stands for an option, was not understood; nothing was begun.</summary>
    public const int Usage = 2;

    public static void SetGuardedAction(this Command command, Func<ParseResult, CancellationToken, Task<int>> action)
    {
        foreach (var argument in command.Arguments) argument.Validators.Add(RefuseOptions);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                return await action(parsed, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return 0;
            }
            catch (Exception e) when (Describe(e) is { } message)
            {
                await Terminal.Error.WriteLineAsync($"{FullName(command)}: {message}");
                return Failed;
            }
        });
    }

    // Where any text is an argument, a mistyped option would be one too.
    private static void RefuseOptions(System.CommandLine.Parsing.ArgumentResult result)
    {
        foreach (var token in result.Tokens)
        {
            if (token.Value.StartsWith("--", StringComparison.Ordinal)) result.AddError($"'{token.Value}' is no option of this command");
        }
    }

    /// <summary>What is wrong in the words of the command line goes to standard error alone; the whole help is there for whoever asks for it.</summary>
    public static ParseResult WithShortErrors(this ParseResult parsed, InvocationConfiguration configuration)
    {
        if (parsed.Action is not ParseErrorAction action) return parsed;
        action.ShowHelp = false;
        configuration.Output = configuration.Error;
        var command = parsed.CommandResult.Command;
        // Called without a subcommand: the list of them is the answer.
        if (command.Action is null && parsed.UnmatchedTokens.Count == 0 && parsed.Tokens.Count <= 1) action.ShowHelp = true;
        else Terminal.Error.WriteLine($"{FullName(command)}: see {FullName(command)} --help");
        return parsed;
    }

    /// <summary>The exit code of a parsed line: what was not understood has a code of its own, so that scripts can tell it from what went wrong.</summary>
    public static int ExitCode(this ParseResult parsed, int invoked) => parsed.Action is ParseErrorAction ? Usage : invoked;

    private static string FullName(Command command) =>
        command switch
        {
            RootCommand => "millrace",
            _ when command.Parents.OfType<Command>().FirstOrDefault() is { } parent and not RootCommand => $"{FullName(parent)} {command.Name}",
            _ => $"millrace {command.Name}",
        };

    /// <summary>The message for a person, or null where only a stack trace helps.</summary>
    private static string? Describe(Exception exception) => exception switch
    {
        CliException e => e.Message,
        AggregateException { InnerExceptions: [var only] } => Describe(only),
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } => InUse("The address is in use by another process."),
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } => "the address is none of this machine's; --listen takes an address of a local interface, such as 127.0.0.1 or 0.0.0.0",
        SocketException { SocketErrorCode: SocketError.AccessDenied } => "this user may not listen on that port; ports below 1024 are the administrator's: choose another with --listen HOST:PORT",
        SocketException e => e.Message,
        IOException { InnerException: SocketException e } => Describe(e),
        // Kestrel's own wrapping; its message names the address.
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } e => InUse(e.Message),
        // The parts' own exceptions have messages that say what to do.
        _ when exception.GetType().Namespace?.StartsWith("Millrace.", StringComparison.Ordinal) == true => exception.Message,
        InvalidOperationException or ArgumentException or IOException or UnauthorizedAccessException or FormatException
            or TimeoutException or InvalidDataException or NotSupportedException or PlatformNotSupportedException => exception.Message,
        Confluent.Kafka.KafkaException e => e.Error.Reason,
        HttpRequestException e => e.Message,
        System.Text.Json.JsonException e => e.Message,
        System.Data.Common.DbException e => e.Message,
        _ => null,
    };

    /// <summary>True if the cause is an address that another process listens on.</summary>
    public static bool IsAddressInUse(Exception exception) => exception switch
    {
        AggregateException { InnerExceptions: [var only] } => IsAddressInUse(only),
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } or Microsoft.AspNetCore.Connections.AddressInUseException => true,
        { InnerException: { } inner } => IsAddressInUse(inner),
        _ => false,
    };

    private static string InUse(string what) => $"{what} Stop that process (`ss -ltnp` names it), or choose another address with --listen HOST:PORT; port 0 takes a free one";
}
