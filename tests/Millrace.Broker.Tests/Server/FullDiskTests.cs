using Millrace.Protocol;
using Millrace.TestKit;

namespace Millrace.Broker.Tests.Server;

public sealed class FullDiskTests
{
    [Fact]
    public async Task A_full_disk_is_told_per_partition_loses_nothing_and_ends_when_there_is_room()
    {
        using var mount = new TempDirectory("full-disk");
        string disk = mount.Combine("disk");
        Directory.CreateDirectory(disk);
        var (code, output) = await ChildProcess.RunAsync("/bin/mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
        Assert.SkipWhen(code != 0, $"needs to mount a small tmpfs, which takes root: {output}");
        try
        {
            await FillAndFreeAsync(disk);
        }
        finally
        {
            await ChildProcess.RunAsync("/bin/umount", ["-l", disk]);
        }
    }

    private static async Task FillAndFreeAsync(string disk)
    {
        string ballast = Path.Combine(disk, "ballast");
        await File.WriteAllBytesAsync(ballast, new byte[2 * 1024 * 1024]);
        using var log = new BrokerLog();
        await using var broker = await BrokerServer.StartAsync(new BrokerOptions { Listen = "127.0.0.1:0", DataDirectory = Path.Combine(disk, "data") }, log);
        await using var client = await WireClient.ConnectAsync(broker.EndPoint);
        await client.AskAsync(new Protocol.Messages.MetadataRequest { Topics = [new() { Name = "t" }] }, 3);
        int acknowledged = 0;
        var error = ErrorCode.None;
        byte[] batch = Requests.Batch(new string('x', 100_000));
        while (error == ErrorCode.None && acknowledged < 200)
        {
            error = (await client.AskAsync(Requests.Produce("t", batch), 9)).Responses[0].PartitionResponses[0].ErrorCode;
            if (error == ErrorCode.None) acknowledged++;
        }

        Assert.Equal(ErrorCode.KafkaStorageError, error);
        for (int refused = 0; refused < 30; refused++)
            Assert.Equal(ErrorCode.KafkaStorageError, (await client.AskAsync(Requests.Produce("t", batch), 9)).Responses[0].PartitionResponses[0].ErrorCode);
        string told = log.ToString();
        Assert.Equal(2, told.Split("t-0: writes at offset").Length);
        Assert.Contains("make room in", told, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", told, StringComparison.Ordinal);
        var created = await client.AskAsync(new Protocol.Messages.CreateTopicsRequest { Topics = [new() { Name = "late", NumPartitions = 200, ReplicationFactor = 1 }] }, 7);
        Assert.Equal(ErrorCode.KafkaStorageError, created.Topics[0].ErrorCode);
        Assert.Equal(acknowledged, (await client.AskAsync(Requests.Fetch("t", 0), 12)).Responses[0].Partitions[0].HighWatermark);

        File.Delete(ballast);
        var again = (await client.AskAsync(Requests.Produce("t", batch), 9)).Responses[0].PartitionResponses[0];
        Assert.Equal((ErrorCode.None, (long)acknowledged), (again.ErrorCode, again.BaseOffset));
        Assert.Contains($"t-0: writing goes on at offset {acknowledged + 1}", log.ToString(), StringComparison.Ordinal);
    }
}
