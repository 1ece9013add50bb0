using System.Net.Sockets;
using Millrace.Cli.Infrastructure;
using Millrace.Operations;

namespace Millrace.Cli.Hosting;

/// <summary>
/// Asks whether anything listens at Kafka's addresses before a client is made: the client itself tries for ever, and says little about why.
/// </summary>
internal static class Reachable
{
    private static readonly TimeSpan _attempt = TimeSpan.FromSeconds(5);

    /// <summary>How long a server waits for a broker that starts at the same time.</summary>
    public static TimeSpan ServerPatience { get; } = TimeSpan.FromSeconds(10);

    public static async Task<KafkaCluster> ConnectAsync(string bootstrap, CancellationToken cancellationToken)
    {
        await EnsureAsync(bootstrap, TimeSpan.Zero, cancellationToken);
        return KafkaCluster.Connect(bootstrap);
    }

    public static async Task EnsureAsync(string bootstrap, TimeSpan patience, CancellationToken cancellationToken)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (await ProblemAsync(bootstrap, cancellationToken) is { } problem)
        {
            if (TimeProvider.System.GetElapsedTime(since) >= patience)
            {
                throw new CliException($"Kafka does not answer: {problem}. Start a broker there (millrace broker), or name another with --bootstrap HOST:PORT or MILLRACE_BOOTSTRAP");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System, cancellationToken);
        }
    }

    private static async Task<string?> ProblemAsync(string bootstrap, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (var (host, port) in Servers(bootstrap))
        {
            var address = HostPort.Write(host, port);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(_attempt);
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(host, port, limit.Token);
                return null;
            }
            catch (SocketException e)
            {
                problems.Add($"{address}: {e.Message}");
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                problems.Add($"{address}: no answer within {_attempt.TotalSeconds:0} s");
            }
        }

        return string.Join("; ", problems);
    }

    // From a file, too: what the command line says was checked before.
    private static List<(string Host, ushort Port)> Servers(string bootstrap)
    {
        try
        {
            return HostPort.ParseList(bootstrap);
        }
        catch (FormatException e)
        {
            throw new CliException($"bootstrap servers: {e.Message}", e);
        }
    }
}
