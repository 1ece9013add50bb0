using BenchmarkDotNet.Running;
using Millrace.Benchmarks;
using Millrace.Benchmarks.EndToEnd;
using Millrace.Benchmarks.Kafka;
using Millrace.Benchmarks.Streams;

if (args is ["log"])
{
    await LogFigures.RunAsync(Console.Out);
    return 0;
}

// The batch reader against Confluent.Kafka's Consume loop, on a running Kafka.
if (args is ["reader", "--bootstrap", var bootstrap])
    return await ReaderComparison.RunAsync(bootstrap, records: 1_000_000, runs: 5);

// From nothing to a cluster that a test can use.
if (args is ["embedded-kafka"])
{
    await EmbeddedKafkaStart.RunAsync(Console.Out);
    return 0;
}

if (args is ["streams"])
{
    await StreamsThroughput.RunAsync();
    return 0;
}

// Commit to visible, by the release of ./millrace: end-to-end [DURATION]
if (args is ["end-to-end", .. var duration])
    return await CommitToVisible.RunAsync(duration is [var given] ? given : "60s", Console.Out);

// The others are BenchmarkDotNet's: --filter '*', --list flat.
BenchmarkSwitcher.FromAssembly(typeof(LogFigures).Assembly).Run(args);
return 0;
