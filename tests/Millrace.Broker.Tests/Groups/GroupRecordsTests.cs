using CsCheck;
using Millrace.Broker.Coordination;
using Millrace.Broker.Groups;
using Millrace.Broker.Log;
using Millrace.Broker.Transactions;
using Millrace.Protocol;

namespace Millrace.Broker.Tests.Groups;

public sealed class GroupRecordsTests
{
    [Fact]
    public void An_offset_commit_has_these_bytes()
    {
        var record = GroupRecords.Offset("g", new TopicPartition("t", 3), new CommittedOffset(258, 1, "m", 0x0102, -1));

        Assert.Equal("0001" + "000167" + "000174" + "00000003", Convert.ToHexString(record.Key));
        Assert.Equal("0003" + "0000000000000102" + "00000001" + "00016D" + "0000000000000102", Convert.ToHexString(record.Value!));
    }

    [Fact]
    public void A_group_has_these_bytes()
    {
        var record = GroupRecords.Metadata(new GroupSnapshot("g", "consumer", 2, "range", "m", 5, [new MemberSnapshot("m", "i", "c", "/h", 7, 6, [8], [9])]));

        Assert.Equal("0002" + "000167", Convert.ToHexString(record.Key));
        Assert.Equal(
            "0003" + "0008636F6E73756D6572" + "00000002" + "000572616E6765" + "00016D" + "0000000000000005" + "00000001"
            + "00016D" + "000169" + "000163" + "00022F68" + "00000007" + "00000006" + "0000000108" + "0000000109",
            Convert.ToHexString(record.Value!));
    }

    [Fact]
    public void A_transaction_has_these_bytes()
    {
        var record = TransactionRecords.Encode(new TransactionMetadata
        {
            TransactionalId = "x",
            ProducerId = 4,
            ProducerEpoch = 2,
            TimeoutMs = 60000,
            State = TransactionState.Ongoing,
            Partitions = [new TopicPartition("t", 1), new TopicPartition("t", 0)],
            StartedUnixMs = 8,
            UpdatedUnixMs = 9,
        });

        Assert.Equal("0000" + "000178", Convert.ToHexString(record.Key));
        Assert.Equal(
            "0000" + "0000000000000004" + "0002" + "0000EA60" + "01" + "00000001" + "000174" + "00000002" + "00000000" + "00000001"
            + "0000000000000009" + "0000000000000008",
            Convert.ToHexString(record.Value!));
    }

    [Theory]
    [InlineData("", 50, 0)]
    [InlineData("group", 50, 47)]
    [InlineData("hello", 50, 22)]
    [InlineData("polygenelubricants", 50, 0)]
    public void Keys_go_to_the_partition_that_Kafka_computes(string key, int partitions, int expected)
    {
        Assert.Equal(expected, KeyPartitioning.PartitionFor(key, partitions));
    }

    [Fact]
    public void Foreign_bytes_are_refused_by_name_or_skipped_and_never_break_the_loader()
    {
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Byte.Array[0, 60], Gen.Byte[0, 4]).Sample(
            static (key, value, type) =>
            {
                if (key.Length > 1) (key[0], key[1]) = (0, type);
                if (value.Length > 1) (value[0], value[1]) = (0, (byte)(value[1] % 5));
                try
                {
                    GroupRecords.Decode(new CoordinatorRecord(key, value), 0);
                    TransactionRecords.Decode(new CoordinatorRecord(key, value));
                }
                catch (MalformedMessageException)
                {
                    // The only exception that the loaders expect.
                }
            },
            iter: 20_000);
    }

    [Fact]
    public void Foreign_subscriptions_are_unknown_and_never_an_exception() =>
        Gen.Byte.Array[0, 60].Sample(static bytes => Assert.True(SubscribedTopics.TryRead(bytes, out var topics) || topics.Count == 0), iter: 20_000);

    [Fact]
    public void A_subscription_tells_its_topics()
    {
        byte[] bytes = [0, 1, 0, 0, 0, 2, 0, 1, (byte)'a', 0, 2, (byte)'b', (byte)'c', 255, 255, 255, 255, 0, 0, 0, 0];

        Assert.True(SubscribedTopics.TryRead(bytes, out var topics));
        Assert.Equal(["a", "bc"], topics.Order(StringComparer.Ordinal));
    }
}
