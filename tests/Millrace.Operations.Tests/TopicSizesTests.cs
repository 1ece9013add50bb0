using Millrace.Operations.Topics;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Operations.Tests;

public sealed class TopicSizesTests
{
    [Fact]
    public void An_answer_that_is_damaged_is_refused_and_never_crashes()
    {
        var writer = new KafkaWriter(256);
        new ResponseHeader(1).Write(ref writer, flexible: false);
        new DescribeLogDirsResponse
        {
            Results = [new() { LogDir = "/data", Topics = [new() { Name = "t", Partitions = [new() { PartitionIndex = 3, PartitionSize = 77 }] }] }],
        }.Write(ref writer, 1);
        using var message = writer.Complete();
        var answer = message.ToArray();
        Assert.Equal(77, TopicSizes.Parse(answer).Results.Single().Topics.Single().Partitions.Single().PartitionSize);

        var random = new Random(20261123);
        for (var i = 0; i < 5000; i++)
        {
            byte[] damaged = [.. answer];
            for (var n = random.Next(1, 4); n > 0; n--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                TopicSizes.Parse(damaged.AsMemory(0, random.Next(damaged.Length + 1)));
            }
            catch (MalformedMessageException)
            {
                // Refused.
            }
        }
    }
}
