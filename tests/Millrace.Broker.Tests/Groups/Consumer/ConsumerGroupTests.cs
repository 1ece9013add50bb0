using Millrace.Broker.Groups.Consumer;
using Millrace.Protocol;

namespace Millrace.Broker.Tests.Groups.Consumer;

public sealed class ConsumerGroupTests
{
    private readonly ConsumerGroupHarness _harness = new();

    [Fact]
    public void The_metadata_hash_is_the_one_that_Kafka_stored()
    {
        var id = new Guid(Convert.FromBase64String("4nXG6xc0RzOyOL139Abu4w=="), bigEndian: true);
        _harness.Topic("ta", 3, id);

        Assert.Equal(-7412204043471535519, MetadataHash.Of(["ta", "ta", "unknown"], _harness));
        Assert.Equal(0, MetadataHash.Of(["unknown"], _harness));
    }

    [Fact]
    public void A_first_join_writes_these_bytes()
    {
        _harness.Topic("ta", 2, new Guid("00010203-0405-0607-0809-0a0b0c0d0e0f"));
        _harness.Join("m", null, "ta");

        var hash = MetadataHash.Of(["ta"], _harness).ToString("X16");
        var time = _harness.Clock.GetUtcNow().ToUnixTimeMilliseconds().ToString("X16");
        const string topic = "000102030405060708090A0B0C0D0E0F";
        Assert.Equal(
            [
                "0005" + "000167" + "00016D" + "=" + "0000" + "00" + "00" + "01" + "01" + "02" + "037461" + "01" + "00002710" + "00" + "01000100",
                "0003" + "000167" + "=" + "0000" + "00000002" + "01" + "00" + "08" + hash,
                "0007" + "000167" + "00016D" + "=" + "0000" + "02" + topic + "03" + "00000000" + "00000001" + "00" + "00",
                "0006" + "000167" + "=" + "0000" + "00000002" + "01" + "00" + "08" + time,
                "0008" + "000167" + "00016D" + "=" + "0000" + "00000002" + "00000000" + "00" + "02" + topic + "03" + "00000000" + "00000001"
                    + "01" + "00" + "09" + "03" + "00000002" + "00000002" + "01" + "00",
            ],
            _harness.Log.Select(static r => Convert.ToHexString(r.Key) + "=" + Convert.ToHexString(r.Value!)));
    }

    [Fact]
    public void A_member_that_does_not_give_up_in_time_is_removed()
    {
        _harness.Topic("t", 2);
        _harness.Join("a", null, "t");
        _harness.Join("b", null, "t");
        _harness.Beat("a", 2);
        Assert.Equal(MemberState.UnrevokedPartitions, _harness.Group.FindMember("a")!.State);

        Assert.Equal(["a"], _harness.Pass(10_000));
        Assert.Equal(2, _harness.Beat("b", 3).Assignment!.Count);
    }

    [Fact]
    public void A_silent_member_is_removed_and_so_is_one_that_a_restart_brought_back()
    {
        _harness.Topic("t", 2);
        _harness.Join("a", null, "t");
        _harness.Pass(44_000);
        _harness.Restart();
        Assert.Empty(_harness.Pass(44_000));
        Assert.Equal(["a"], _harness.Pass(1_000));
        Assert.Equal("Empty", _harness.Group.State);
    }

    [Fact]
    public void What_could_not_be_written_did_not_happen()
    {
        _harness.Topic("t", 2);
        _harness.IsLogBroken = true;
        Assert.Throws<IOException>(() => _harness.Join("a", null, "t"));
        Assert.Equal((0, 1), (_harness.Group.MemberCount, _harness.Group.Epoch));

        _harness.IsLogBroken = false;
        _harness.Join("a", null, "t");
        _harness.Topic("t", 4);
        _harness.IsLogBroken = true;
        Assert.Throws<IOException>(() => _harness.Beat("a", 2));
        _harness.IsLogBroken = false;
        Assert.Equal(4, _harness.Beat("a", 2).Assignment!.Count);
    }

    [Fact]
    public void Offsets_of_an_older_epoch_count_for_partitions_that_the_member_had_then()
    {
        var topic = _harness.Topic("t", 2);
        _harness.Join("a", null, "t");
        _harness.Join("b", null, "t");
        var told = _harness.Beat("a", 2);
        _harness.Beat("a", 2, told.Assignment);
        var kept = told.Assignment!.Single();
        var given = new TopicIdPartition(topic, 1 - kept.Partition);

        ErrorCode Commit(int epoch, TopicIdPartition partition) =>
            _harness.Group.ValidateCommit(new Broker.Groups.MemberIdentity("a", null, epoch), transactional: false, partition, knowsEpochs: true);
        Assert.Equal(ErrorCode.None, Commit(3, kept));
        Assert.Equal(ErrorCode.None, Commit(2, kept));
        Assert.Equal(ErrorCode.StaleMemberEpoch, Commit(2, given));
        Assert.Equal(ErrorCode.StaleMemberEpoch, Commit(4, kept));
    }

    [Theory]
    [InlineData("a.*", "abc", true)]
    [InlineData("a.*", "bac", false)]
    [InlineData("^abc$", "abc", true)]
    [InlineData("a|abc", "abc", true)]
    [InlineData("[[:alpha:]]+-[^[:digit:]]", "abc-x", true)]
    [InlineData(@"\Qa.b\E", "a.b", true)]
    [InlineData(@"\Qa.b\E", "axb", false)]
    [InlineData("(?P<n>a)(?i)BC", "abc", true)]
    [InlineData("(?U)a+", "aa", true)]
    [InlineData(@"\pL+", "abc", true)]
    [InlineData("[]a]+", "]a", true)]
    [InlineData("[a-z-[aeiou]]", "a", false)]
    [InlineData(@"\x{61}", "a", true)]
    public void Regular_expressions_mean_what_they_mean_in_RE2(string pattern, string topic, bool matches) =>
        Assert.Equal(matches, TopicRegex.TryParse(pattern, out _)!.Matches(topic));

    [Theory]
    [InlineData("(")]
    [InlineData("[a")]
    [InlineData("a**")]
    [InlineData(@"(a)\1")]
    [InlineData("(?=a)")]
    [InlineData("(?>a)")]
    [InlineData("(?x)a")]
    [InlineData("(?#a)")]
    [InlineData("(?'n'a)")]
    [InlineData("[[:nothing:]]")]
    [InlineData("a\\")]
    [InlineData(@"\u0061")]
    public void What_RE2_does_not_know_is_refused_with_a_reason(string pattern)
    {
        Assert.Null(TopicRegex.TryParse(pattern, out var problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Foreign_expressions_are_refused_or_compiled_and_never_anything_else() =>
        CsCheck.Check.Sample(
            CsCheck.Gen.String[CsCheck.Gen.Char[@"ab01[]()?*+{},:^$\QEPpx<>-|.&#u"], 0, 12],
            static pattern => Assert.True(TopicRegex.TryParse(pattern, out var problem) is not null || problem.Length > 0),
            iter: 20_000);
}
