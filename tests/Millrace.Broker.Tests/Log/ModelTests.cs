using System.Text;
using Millrace.Broker.Log;
using Millrace.Protocol;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Tests.Log;

/// <summary>Random operations on a log and on a list; random bytes in place of a log.</summary>
public sealed class ModelTests
{
    private enum Step
    {
        Append,
        AppendLarge,
        Read,
        ReadSmall,
        FindTime,
        DeleteRecords,
        Reopen,
        Crash,
        Flush,
        Tick,
    }

    [Fact]
    public async Task A_log_behaves_like_a_list_through_restarts_and_crashes()
    {
        var seeds = Enumerable.Range(0, 6).Select(static n => 20261123 + n);
        foreach (var seed in seeds)
        {
            try
            {
                await RunAsync(new Random(seed));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Failed with seed {seed}: {e.Message}", e);
            }
        }
    }

    [Fact]
    public async Task Random_bytes_in_a_directory_never_hang_or_crash_the_log()
    {
        var random = new Random(20261123);
        for (var round = 0; round < 40; round++)
        {
            await using var fixture = new LogFixture();
            var log = await fixture.OpenAsync(LogConfig.Default with { SegmentBytes = 1000, IndexIntervalBytes = 100 });
            for (var i = 0; i < 30; i++)
                await log.AppendAsync(fixture.Batch(new RecordBatchOptions { Compression = (CompressionType)(i % 5) }, $"value-{i}"));
            await fixture.Manager!.DisposeAsync();
            foreach (var path in Directory.GetFiles(fixture.PartitionDirectory).Where(f => !f.EndsWith(".metadata", StringComparison.Ordinal) && random.Next(2) == 0))
                await File.WriteAllBytesAsync(path, Mutate(await File.ReadAllBytesAsync(path), random));
            if (round % 2 == 0)
                File.Delete(Path.Combine(fixture.Directory, ".kafka_cleanshutdown"));
            log = await fixture.OpenAsync();
            Assert.InRange(log.LogEndOffset, 0, 31);
            for (var offset = log.LogStartOffset; offset < log.LogEndOffset; offset++)
            {
                var result = log.Read(offset, 10_000);
                var error = Xunit.Record.Exception(() => RecordBatch.ReadAll(result.Records.ToArray()).Sum(static b => b.Records().ToList().Count));
                Assert.True(error is null or CorruptRecordException, error?.ToString());
            }

            Assert.Equal(ErrorCode.None, (await log.AppendAsync(fixture.Batch("after"))).Error);
            _ = Xunit.Record.Exception(() => log.OffsetForTimestamp(5));
        }
    }

    private static async Task RunAsync(Random random)
    {
        var config = LogConfig.Default with
        {
            SegmentBytes = random.Next(700, 3000),
            IndexIntervalBytes = random.Next(0, 400),
            SegmentMs = 60_000,
            RetentionMs = -1,
        };
        var fixture = new LogFixture();
        try
        {
            var log = await fixture.OpenAsync(config);
            var model = new List<(long Offset, string Value, long Time)>();
            long start = 0;
            for (var i = 0; i < 150; i++)
            {
                switch ((Step)random.Next(10))
                {
                    case Step.Append or Step.AppendLarge:
                        fixture.Time.Advance(TimeSpan.FromMilliseconds(random.Next(5000)));
                        var values = Enumerable.Range(0, random.Next(1, 8)).Select(n => $"{i}-{n}-" + new string('x', random.Next(20))).ToArray();
                        var first = log.LogEndOffset;
                        var result = await log.AppendAsync(fixture.Batch(new RecordBatchOptions { Compression = (CompressionType)random.Next(5) }, values));
                        Assert.Equal((ErrorCode.None, first, first + values.Length - 1), (result.Error, result.BaseOffset, result.LastOffset));
                        model.AddRange(values.Select((v, n) => (first + n, v, fixture.Now)));
                        break;
                    case Step.Read:
                        Assert.Equal(model.Where(r => r.Offset >= start).Select(static r => (r.Offset, r.Value)), LogFixture.ReadAll(log));
                        break;
                    case Step.ReadSmall when log.LogEndOffset > start:
                        var offset = random.NextInt64(start, log.LogEndOffset);
                        var batch = RecordBatch.ReadAll(log.Read(offset, random.Next(200)).Records.ToArray()).First();
                        var record = batch.Records().ToList().Single(r => r.Offset == offset);
                        Assert.Equal(model.Single(r => r.Offset == offset).Value, Encoding.UTF8.GetString(record.Value!.Value.Span));
                        break;
                    case Step.FindTime:
                        var time = fixture.Now - random.Next(100_000);
                        var expected = model.Where(r => r.Offset >= start && r.Time >= time).Select(static r => (long?)r.Offset).FirstOrDefault();
                        Assert.Equal(expected, log.OffsetForTimestamp(time)?.Offset);
                        break;
                    case Step.DeleteRecords when random.Next(4) == 0:
                        start = await log.DeleteRecordsBeforeAsync(random.NextInt64(start, log.LogEndOffset + 1));
                        break;
                    case Step.Reopen:
                        log = await fixture.ReopenAsync(config);
                        break;
                    case Step.Crash:
                        var crashed = fixture.Crashed();
                        await fixture.DisposeAsync();
                        fixture = crashed;
                        log = await fixture.OpenAsync(config);
                        break;
                    case Step.Flush:
                        await log.FlushAsync();
                        break;
                    case Step.Tick:
                        fixture.Time.Advance(TimeSpan.FromMinutes(6));
                        await fixture.Manager!.TickAsync();
                        break;
                    default:
                        break;
                }

                Assert.Equal((start, model.Count), (log.LogStartOffset, log.LogEndOffset));
            }
        }
        finally
        {
            await fixture.DisposeAsync();
        }
    }

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        var changed = bytes.AsSpan(0, random.Next(3) == 0 ? random.Next(bytes.Length + 1) : bytes.Length).ToArray();
        for (var n = random.Next(1, 6); n > 0 && changed.Length > 0; n--)
            changed[random.Next(changed.Length)] = (byte)random.Next(256);
        return changed;
    }
}
