using Millrace.Protocol.Messages;

namespace Millrace.Protocol.Tests.Messages;

/// <summary>Bytes written down by hand from the protocol guide: they hold where reader and writer would err together.</summary>
public sealed class GoldenBytesTests
{
    [Fact]
    public void ApiVersions_request_of_version_3()
    {
        var request = new ApiVersionsRequest { ClientSoftwareName = "kc", ClientSoftwareVersion = "1" };
        Assert.Equal("036b63" + "0231" + "00", Hex(request, 3));
    }

    [Fact]
    public void Heartbeat_request_before_and_after_compact_strings()
    {
        var request = new HeartbeatRequest { GroupId = "g", GenerationId = 5, MemberId = "m" };
        Assert.Equal("000167" + "00000005" + "00016d", Hex(request, 0));
        Assert.Equal("0267" + "00000005" + "026d" + "00" + "00", Hex(request, 4));
    }

    [Fact]
    public void Produce_request_of_version_9_with_its_records()
    {
        var request = new ProduceRequest { Acks = -1, TimeoutMs = 1500 };
        var topic = new ProduceRequest.TopicProduceData { Name = "t" };
        topic.PartitionData.Add(new() { Index = 2, Records = new byte[] { 0xca, 0xfe } });
        request.TopicData.Add(topic);
        Assert.Equal("00" + "ffff" + "000005dc" + "02" + "0274" + "02" + "00000002" + "03cafe" + "00" + "00" + "00", Hex(request, 9));
    }

    [Fact]
    public void A_tagged_field_goes_out_with_its_size_only_where_it_is_not_the_default()
    {
        var request = new FetchRequest { MaxWaitMs = 1, ReplicaId = -1 };
        string plain = Hex(request, 12);
        request.ClusterId = "c";
        Assert.Equal(plain[..^2] + "01" + "00" + "02" + "0263", Hex(request, 12));
    }

    [Fact]
    public void Unknown_tagged_fields_are_skipped()
    {
        byte[] bytes = Convert.FromHexString("0267" + "00000005" + "026d" + "00" + "01" + "63" + "03" + "010203");
        var (message, unread) = RandomMessage.Decode(RandomMessage.Find("HeartbeatRequest"), bytes, 4);
        Assert.Equal(0, unread);
        Assert.Equal("m", ((HeartbeatRequest)message).MemberId);
    }

    [Fact]
    public void A_length_beyond_the_frame_is_refused_before_anything_is_allocated()
    {
        byte[] bytes = Convert.FromHexString("7fffffff" + "0001");
        Assert.Throws<MalformedMessageException>(() => RandomMessage.Decode(RandomMessage.Find("MetadataRequest"), bytes, 0));
    }

    [Fact]
    public void Large_record_sets_are_referenced_and_not_copied()
    {
        byte[] records = new byte[KafkaWriter.ExternalThreshold];
        records[0] = 7;
        var response = new FetchResponse { Responses = [new() { Topic = "t", Partitions = [new() { Records = records }] }] };
        var writer = new KafkaWriter(64);
        response.Write(ref writer, 11);
        using var encoded = writer.Complete();
        var segments = encoded.Segments().ToList();
        Assert.Equal(2, segments.Count);
        Assert.True(segments[1].Equals(records.AsMemory()));
        Assert.Equal(encoded.TotalLength, segments.Sum(s => s.Length));
    }

    [Fact]
    public void A_tagged_structure_says_whether_it_is_null_as_Kafka_does()
    {
        var member = new ConsumerGroupMemberMetadataValue { ClientId = "c", ClientHost = "h", RebalanceTimeoutMs = 1, ClassicMemberMetadata = null, InstanceId = null, RackId = null, ServerAssignor = null, SubscribedTopicRegex = null };
        Assert.Equal("00000263026801000000000100" + "01000100", Hex(member, 0));
        Assert.Null(((ConsumerGroupMemberMetadataValue)Decode(member)).ClassicMemberMetadata);
        member.ClassicMemberMetadata = new ConsumerGroupMemberMetadataValue.ClassicMember { SessionTimeoutMs = 5 };
        Assert.Equal("00000263026801000000000100" + "0100070100000005" + "0100", Hex(member, 0));
        Assert.Equal(5, ((ConsumerGroupMemberMetadataValue)Decode(member)).ClassicMemberMetadata!.SessionTimeoutMs);
    }

    [Fact]
    public void Every_error_code_has_its_line_in_the_table()
    {
        Assert.All(Enum.GetValues<ErrorCode>(), code => Assert.Equal(code, code.Info().Code));
        Assert.True(ErrorCode.NotEnoughReplicas.Info().Retriable);
        Assert.Equal("UNKNOWN_TOPIC_OR_PARTITION", ErrorCode.UnknownTopicOrPartition.Info().Name);
        Assert.Equal("ERROR_999", ((ErrorCode)999).Info().Name);
    }

    private static IKafkaMessage Decode(IKafkaMessage message)
    {
        var info = MessageCatalog.All.Single(m => m.Name == message.GetType().Name);
        return RandomMessage.Decode(info, RandomMessage.Encode(message, 0), 0).Message;
    }

    private static string Hex(IKafkaMessage message, short version) => Convert.ToHexStringLower(RandomMessage.Encode(message, version));
}
