using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Broker.Log;
using Millrace.Protocol.Records;

namespace Millrace.Benchmarks;

/// <summary>Plain measurements of the log layer: checksum, parsing, appending, reading. Run with the argument <c>log</c>.</summary>
internal static class LogFigures
{
    private static readonly LogConfig Config = LogConfig.Default;

    public static async Task RunAsync(TextWriter output)
    {
        foreach (var size in new[] { 200, 1024, 16 * 1024, 1024 * 1024 })
        {
            var data = new byte[size];
            Measure(output, $"CRC-32C of {size} B", size, () => Crc32C.Compute(data));
        }

        foreach (var codec in Enum.GetValues<CompressionType>())
        {
            var batch = Batch(160, 100, codec);
            Measure(output, $"parse 160 records of 100 B, {codec.ToName()}", 160 * 100, () => Count(batch));
        }

        await AppendAsync(output, records: 160, recordSize: 100, writers: 1);
        await AppendAsync(output, records: 16, recordSize: 1024, writers: 1);
        await AppendAsync(output, records: 1, recordSize: 100, writers: 1);
        await AppendAsync(output, records: 1, recordSize: 100, writers: 8);
    }

    private static async Task AppendAsync(TextWriter output, int records, int recordSize, int writers)
    {
        var directory = Directory.CreateTempSubdirectory("millrace-bench-").FullName;
        try
        {
            await using var manager = await LogManager.OpenAsync(
                new LogManagerOptions { DataDirectory = directory }, NullLoggerFactory.Instance, TimeProvider.System);
            var log = manager.Create(new TopicPartition("bench", 0), Guid.NewGuid(), Config);
            var batch = Batch(records, recordSize, CompressionType.None);
            var count = Math.Min(100_000, 500_000_000 / batch.Length) / writers;
            var cpu = Process.GetCurrentProcess().TotalProcessorTime;
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
            {
                for (var i = 0; i < count; i++)
                    await log.AppendAsync(batch);
            })));
            Report(output, $"append {records} x {recordSize} B, {writers} writers", (long)count * writers * records, log.Size, clock.Elapsed, cpu);
            if (records > 1)
                Read(output, log, recordSize);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>A fetch of 1 MiB at a time: the broker's way, and mapping the file instead.</summary>
    private static void Read(TextWriter output, PartitionLog log, int recordSize)
    {
        var buffer = new byte[1024 * 1024];
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        for (long offset = 0; offset < log.LogEndOffset;)
        {
            var slice = log.Read(offset, buffer.Length).Records;
            slice.CopyTo(buffer);
            offset = NextOffset(buffer.AsSpan(0, slice.Length));
        }

        Report(output, $"read {recordSize} B records by 1 MiB (pread)", log.LogEndOffset, log.Size, clock.Elapsed, cpu);
        var segment = log.View.Active;
        cpu = Process.GetCurrentProcess().TotalProcessorTime;
        clock.Restart();
        using (var mapped = System.IO.MemoryMappedFiles.MemoryMappedFile.CreateFromFile(segment.File.Path, FileMode.Open))
        using (var view = mapped.CreateViewAccessor())
        {
            for (long at = 0; at < segment.Size; at += buffer.Length)
                view.ReadArray(at, buffer, 0, (int)Math.Min(buffer.Length, segment.Size - at));
        }

        Report(output, $"copy the same {recordSize} B records out of a mapping", log.LogEndOffset, segment.Size, clock.Elapsed, cpu);
    }

    private static long NextOffset(ReadOnlySpan<byte> bytes)
    {
        var next = 0L;
        for (var at = 0; RecordBatchHeader.TryRead(bytes[at..], out var header) && header.TotalSize <= bytes.Length - at; at += header.TotalSize)
            next = header.NextOffset;
        return next;
    }

    private static byte[] Batch(int records, int size, CompressionType codec)
    {
        var builder = new RecordBatchBuilder(new RecordBatchOptions { Compression = codec });
        var random = new Random(1);
        for (var i = 0; i < records; i++)
        {
            var value = new byte[size];
            for (var at = 0; at < size; at++)
                value[at] = (byte)('A' + random.Next(26));
            builder.Append(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), null, value.AsMemory());
        }

        return builder.Build();
    }

    private static uint Count(byte[] bytes)
    {
        RecordBatch.TryRead(bytes, out var batch, out _);
        uint count = 0;
        foreach (var record in batch.Records())
            count += (uint)record.OffsetDelta;
        return count;
    }

    private static void Measure(TextWriter output, string what, int bytes, Func<uint> action)
    {
        var rounds = Math.Max(20, 200_000_000 / Math.Max(bytes, 2000));
        for (var i = 0; i < rounds / 10; i++)
            action();
        // Processor time and not the clock: other programs share the machine.
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        for (var i = 0; i < rounds; i++)
            action();
        var used = Process.GetCurrentProcess().TotalProcessorTime - before;
        output.WriteLine($"{what}: {used.TotalNanoseconds / rounds:N0} ns, {bytes * (double)rounds / used.TotalSeconds / 1e9:0.00} GB/s of processor time");
    }

    private static void Report(TextWriter output, string what, long records, long bytes, TimeSpan elapsed, TimeSpan cpuBefore)
    {
        var cpu = (Process.GetCurrentProcess().TotalProcessorTime - cpuBefore).TotalSeconds;
        output.WriteLine(
            $"{what}: {records / elapsed.TotalSeconds:N0} records/s, {bytes / elapsed.TotalSeconds / 1e6:N0} MB/s, {cpu / records * 1e6:0.000} CPU s per million");
    }
}
