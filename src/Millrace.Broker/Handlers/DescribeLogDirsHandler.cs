using Millrace.Broker.Metadata;
using Millrace.Broker.Network;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Handlers;

/// <summary>DescribeLogDirs 1–5 (KIP-113, KIP-827 space of the disk).</summary>
internal sealed class DescribeLogDirsHandler(BrokerContext broker) : RequestHandler<DescribeLogDirsRequest, DescribeLogDirsResponse>
{
    protected override int ResponseCapacity => 4096;

    protected override ValueTask<DescribeLogDirsResponse?> HandleAsync(DescribeLogDirsRequest request, RequestContext context)
    {
        string directory = Path.GetFullPath(broker.Options.DataDirectory);
        var result = new DescribeLogDirsResponse.DescribeLogDirsResult { LogDir = directory };
        try
        {
            var drive = new DriveInfo(directory);
            result.TotalBytes = drive.TotalSize;
            result.UsableBytes = drive.AvailableFreeSpace;
        }
        catch (IOException)
        {
            // The sizes stay -1: unknown.
        }

        if (request.Topics is null)
        {
            foreach (var topic in broker.Topics.All) result.Topics.Add(Describe(topic, Enumerable.Range(0, topic.Partitions.Count)));
        }
        else
        {
            foreach (var asked in request.Topics)
            {
                if (broker.Topics.Find(asked.Topic) is { } topic) result.Topics.Add(Describe(topic, asked.Partitions));
            }
        }

        return new(new DescribeLogDirsResponse { Results = [result] });
    }

    private static DescribeLogDirsResponse.DescribeLogDirsTopic Describe(Topic topic, IEnumerable<int> partitions)
    {
        var described = new DescribeLogDirsResponse.DescribeLogDirsTopic { Name = topic.Name };
        foreach (int index in partitions)
        {
            if (topic.Partition(index) is { } log) described.Partitions.Add(new() { PartitionIndex = index, PartitionSize = log.Size });
        }

        return described;
    }
}
