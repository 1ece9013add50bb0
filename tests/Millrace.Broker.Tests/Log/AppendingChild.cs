using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Broker.Log;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Tests.Log;

/// <summary>
/// The victim of the kill test: this test program, started again for this explicit test only, appends as fast as it can until it is killed, and
/// writes each acknowledgement to the file <c>.acks</c> with one call of the system, which a kill cannot split.
/// </summary>
public sealed class AppendingChild
{
    public const string Variable = "MILLRACE_TEST_APPEND_TO";
    public const int Producers = 4;

    internal static LogConfig Config { get; } = LogConfig.Default with { SegmentBytes = 50_000, IndexIntervalBytes = 500, FlushMessages = 1000 };

    [Fact(Explicit = true)]
    public async Task Append_until_killed()
    {
        var directory = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(directory is null, $"is started by {nameof(KillTests)} only");
        var first = long.Parse(Environment.GetEnvironmentVariable(Variable + "_ID")!);
        await using var acks = new FileStream(Path.Combine(directory!, ".acks"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        await using var manager = await LogManager.OpenAsync(
            new LogManagerOptions
            {
                DataDirectory = directory!,
                ConfigOf = _ => Config,
                FlushCheckInterval = TimeSpan.FromMilliseconds(20),
                CheckpointInterval = TimeSpan.FromMilliseconds(50),
            },
            NullLoggerFactory.Instance,
            TimeProvider.System);
        var log = manager.Create(LogFixture.Partition, Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), Config);
        await Task.WhenAll(Enumerable.Range(0, Producers).Select(n => Task.Run(() => AppendAsync(log, first + n, acks))));
    }

    private static async Task AppendAsync(PartitionLog log, long producer, FileStream acks)
    {
        for (var sequence = 0; ; sequence++)
        {
            var batch = new RecordBatchBuilder(new RecordBatchOptions { ProducerId = producer, ProducerEpoch = 0, BaseSequence = sequence })
                .Append(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), null, $"{producer}/{sequence}" + new string('.', sequence % 300))
                .Build();
            var result = await log.AppendAsync(batch);
            Assert.Equal(ErrorCode.None, result.Error);
            lock (acks)
                acks.Write(Encoding.ASCII.GetBytes($"{producer}/{sequence} {result.BaseOffset}\n"));
        }
    }
}
