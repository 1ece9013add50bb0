using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Broker.Log;
using Millrace.Broker.Storage;
using Millrace.Protocol.Records;

namespace Millrace.Broker.Tests.Log;

/// <summary>A data directory of its own, and a clock that stands still until it is moved.</summary>
internal sealed class LogFixture : IAsyncDisposable
{
    public static readonly TopicPartition Partition = new("orders", 0);

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("millrace-log-").FullName;

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000));

    public LogFileSystem Files { get; set; } = LogFileSystem.Default;

    public LogManager? Manager { get; private set; }

    public long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public string PartitionDirectory => Path.Combine(Directory, Partition.ToString());

    public async Task<PartitionLog> OpenAsync(LogConfig? config = null)
    {
        Manager = await LogManager.OpenAsync(
            new LogManagerOptions { DataDirectory = Directory, RunInBackground = false, Files = Files, ConfigOf = _ => config ?? LogConfig.Default },
            NullLoggerFactory.Instance,
            Time);
        return Manager.Create(Partition, Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), config ?? LogConfig.Default);
    }

    /// <summary>Stops cleanly and opens again.</summary>
    public async Task<PartitionLog> ReopenAsync(LogConfig? config = null)
    {
        await Manager!.DisposeAsync();
        return await OpenAsync(config);
    }

    /// <summary>What a killed process leaves: the files as they are, in another directory, without the marker of a clean stop.</summary>
    public LogFixture Crashed()
    {
        var copy = new LogFixture();
        copy.Time.SetUtcNow(Time.GetUtcNow());
        foreach (var path in System.IO.Directory.EnumerateFiles(Directory, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(Directory, path);
            if (name is ".lock" or ".kafka_cleanshutdown")
                continue;
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(copy.Directory, name))!);
            File.Copy(path, Path.Combine(copy.Directory, name));
        }

        return copy;
    }

    public byte[] Batch(params string[] values) => Batch(new RecordBatchOptions(), values);

    public byte[] Batch(RecordBatchOptions options, params string[] values)
    {
        var builder = new RecordBatchBuilder(options);
        foreach (var value in values)
            builder.Append(Now, "key-" + value, value);
        return builder.Build();
    }

    public static List<(long Offset, string Value)> ReadAll(PartitionLog log, IsolationLevel isolation = IsolationLevel.ReadUncommitted, int maxBytes = 1 << 20)
    {
        var all = new List<(long, string)>();
        var offset = log.LogStartOffset;
        while (true)
        {
            var result = log.Read(offset, maxBytes, isolation);
            Assert.Equal(Millrace.Protocol.ErrorCode.None, result.Error);
            if (result.Records.IsEmpty)
                return all;
            var aborted = new List<AbortedTransaction>(result.AbortedTransactions ?? []);
            foreach (var batch in RecordBatch.ReadAll(result.Records.ToArray()))
            {
                Assert.True(batch.HasValidCrc());
                var next = batch.Header.NextOffset;
                var skip = batch.Header.IsControl || aborted.Exists(a =>
                    a.ProducerId == batch.Header.ProducerId && batch.BaseOffset >= a.FirstOffset && batch.BaseOffset <= a.LastOffset);
                foreach (var record in batch.Records())
                {
                    if (!skip && record.Offset >= offset)
                        all.Add((record.Offset, record.Value is { } value ? Encoding.UTF8.GetString(value.Span) : "<null>"));
                }

                offset = Math.Max(offset, next);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Manager is not null)
            await Manager.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
