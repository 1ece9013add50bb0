using System.CommandLine;
using System.Net.Sockets;

namespace Millrace.Cli.Infrastructure;

/// <summary>The one catch around each command: what a person can mend is one line on standard error and exit code 1.</summary>
internal static class Boundary
{
    /// <summary>A failure that a person can mend.</summary>
    public const int Failed = 1;

    public static void SetGuardedAction(this Command command, Func<ParseResult, CancellationToken, Task<int>> action) =>
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

    private static string FullName(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent and not RootCommand ? $"{FullName(parent)} {command.Name}" : $"millrace {command.Name}";

    /// <summary>The message for a person, or null where only a stack trace helps.</summary>
    private static string? Describe(Exception exception) => exception switch
    {
        CliException e => e.Message,
        AggregateException { InnerExceptions: [var only] } => Describe(only),
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } =>
            "the address is in use by another process; choose another with --listen HOST:PORT, or end that process (ss -ltnp shows it)",
        IOException { InnerException: SocketException e } => Describe(e),
        // The parts' own exceptions have messages that say what to do.
        _ when exception.GetType().Namespace?.StartsWith("Millrace.", StringComparison.Ordinal) == true => exception.Message,
        InvalidOperationException or ArgumentException or IOException or UnauthorizedAccessException or FormatException
            or TimeoutException or InvalidDataException or NotSupportedException or PlatformNotSupportedException => exception.Message,
        Confluent.Kafka.KafkaException e => e.Error.Reason,
        HttpRequestException e => e.Message,
        System.Data.Common.DbException e => e.Message,
        _ => null,
    };
}
