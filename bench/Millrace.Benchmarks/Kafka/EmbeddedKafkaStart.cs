using System.Diagnostics;
using Millrace.Kafka.Testing;

namespace Millrace.Benchmarks.Kafka;

/// <summary>How long a test waits for its Kafka: the first of a process, which pays for compilation, and the later ones.</summary>
internal static class EmbeddedKafkaStart
{
    private const int Rounds = 20;

    public static async Task RunAsync(TextWriter output)
    {
        await output.WriteLineAsync("| brokers | first, ms | median of the next, ms | slowest of them, ms | stop (median), ms |\n|---|---|---|---|---|");
        foreach (int brokers in (int[])[1, 3])
        {
            var starts = new List<double>();
            var stops = new List<double>();
            for (var round = 0; round <= Rounds; round++)
            {
                var watch = Stopwatch.StartNew();
                var kafka = await EmbeddedKafka.StartAsync(o => o.Brokers = brokers);
                starts.Add(watch.Elapsed.TotalMilliseconds);
                watch.Restart();
                await kafka.DisposeAsync();
                stops.Add(watch.Elapsed.TotalMilliseconds);
            }

            var later = starts.Skip(1).Order().ToList();
            await output.WriteLineAsync(FormattableString.Invariant($"| {brokers} | {starts[0]:0.0} | {later[Rounds / 2]:0.0} | {later[^1]:0.0} | {stops.Order().ElementAt(Rounds / 2):0.0} |"));
        }
    }
}
