using CsCheck;
using Millrace.Console.Backends.Kafka;
using Millrace.Console.Rules;
using Millrace.Console.Sampling;
using OffsetRange = Millrace.Operations.Topics.OffsetRange;

namespace Millrace.Console.Tests.State;

public sealed class SamplingTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(50);

    [Fact]
    public void The_ring_keeps_the_last_samples_in_order() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int[0, 600]).Sample((capacity, count) =>
        {
            var store = new MetricStore(capacity);
            for (var i = 0; i < count; i++) store.Record("m", Start.AddSeconds(i), i);
            Assert.Equal(Enumerable.Range(0, count).Skip(Math.Max(0, count - capacity)).Select(static i => (double)i), store.Series("m").Select(static sample => sample.Value));
        });

    [Fact]
    public void A_counter_gives_its_growth_per_second_and_never_less_than_nothing()
    {
        var store = new MetricStore(100);
        for (var i = 0; i <= 10; i++) store.RecordCounter("end", "rate", Start.AddSeconds(i), i * 200);
        Assert.Equal(200, store.Latest("rate")!.Value, 6);

        store.RecordCounter("end", "rate", Start.AddSeconds(11), 0);
        Assert.Equal(0, store.Latest("rate"));
    }

    [Fact]
    public void Metrics_of_things_that_are_gone_are_forgotten()
    {
        var store = new MetricStore(10);
        store.Record("old", Start, 1);
        store.Record("new", Start.AddMinutes(5), 1);

        store.Prune(Start.AddMinutes(1));

        Assert.Null(store.Latest("old"));
        Assert.NotNull(store.Latest("new"));
    }

    [Fact]
    public void Lag_in_time_is_the_age_of_the_first_unread_record()
    {
        var timeline = new OffsetTimeline();
        for (var second = 0; second <= 20; second++) timeline.Observe(Start.AddSeconds(second), Topic(second * 100));
        var now = Start.AddSeconds(20);

        Assert.Equal(LagTime.Zero, timeline.LagOf(now, "t", 0, 2000));
        Assert.InRange(timeline.LagOf(now, "t", 0, 1500).Time.TotalSeconds, 4.9, 5.1);
        Assert.False(timeline.LagOf(now, "t", 0, 1500).AtLeast);
    }

    [Fact]
    public void Lag_from_before_the_console_began_to_watch_is_at_least_that_long()
    {
        var timeline = new OffsetTimeline();
        timeline.Observe(Start, Topic(500));
        timeline.Observe(Start.AddSeconds(30), Topic(500));

        Assert.Equal(new LagTime(TimeSpan.FromSeconds(40), AtLeast: true), timeline.LagOf(Start.AddSeconds(40), "t", 0, 100));
    }

    [Fact]
    public void A_topic_that_stood_still_and_goes_on_is_not_behind_by_the_pause()
    {
        var timeline = new OffsetTimeline();
        for (var second = 0; second <= 200; second++) timeline.Observe(Start.AddSeconds(second), Topic(second < 200 ? 100 : 110));

        Assert.InRange(timeline.LagOf(Start.AddSeconds(200), "t", 0, 100).Time.TotalSeconds, 0, 1);
    }

    [Fact]
    public void A_finding_has_a_beginning_and_an_end_and_flapping_is_one_period()
    {
        var history = new FindingHistory();
        var finding = new Finding("k", Severity.Warning, "s", "t", "d", "a", "");
        history.Observe([finding], Start);
        history.Observe([], Start.AddSeconds(10));
        history.Observe([finding], Start.AddSeconds(15));
        Assert.Null(Assert.Single(history.Periods()).Until);

        history.Observe([], Start.AddSeconds(20));
        history.Observe([finding], Start.AddSeconds(120));
        Assert.Equal([null, Start.AddSeconds(20)], history.Periods().Select(static period => period.Until));
    }

    [Fact]
    public void The_rate_of_a_topic_leaves_out_what_is_no_record()
    {
        var store = new MetricStore(100);
        for (var i = 0; i <= 5; i++) store.RecordCounter("end", "rate", Start.AddSeconds(i), i * 200, share: null);
        Assert.Null(store.Latest("rate"));

        store.RecordCounter("end", "rate", Start.AddSeconds(6), 1200, share: 0.5);
        Assert.Equal(100, store.Latest("rate")!.Value, 6);

        for (var i = 7; i <= 13; i++) store.RecordCounter("end", "rate", Start.AddSeconds(i), 1200, share: null);
        Assert.Equal(0, store.Latest("rate"));
    }

    [Fact]
    public void The_share_of_records_is_counted_where_a_topic_has_grown_and_follows_its_producers()
    {
        var shares = new RecordShare();
        TopicInfo[] topics = [Topic(1000), Topic(0) with { Name = "empty" }];

        Assert.Equal([new OffsetRange("t", 0, 800, 1000)], shares.Next(topics));
        Assert.Null(shares.Of("t"));
        shares.Add(new OffsetRange("t", 0, 800, 1000), 100);
        Assert.Equal(0.5, shares.Of("t"));
        Assert.Empty(shares.Next(topics));

        Assert.Equal([new OffsetRange("t", 0, 1100, 1300)], shares.Next([Topic(1300)]));
        for (var i = 0; i < 8; i++) shares.Add(new OffsetRange("t", 0, 1100, 1300), 200);
        Assert.InRange(shares.Of("t")!.Value, 0.99, 1);

        shares.Forget([]);
        Assert.Null(shares.Of("t"));
    }

    [Fact]
    public void Of_many_topics_those_are_counted_first_that_waited_longest()
    {
        var shares = new RecordShare();
        TopicInfo[] Topics(long end) => [.. Enumerable.Range(0, 50).Select(i => Topic(end) with { Name = $"t{i}" })];

        var first = shares.Next(Topics(10)).Select(static range => range.Topic).ToHashSet();
        var second = shares.Next(Topics(20)).Select(static range => range.Topic).ToHashSet();

        Assert.Equal(50, first.Union(second).Count());
    }

    private static TopicInfo Topic(long end) => new("t", [new PartitionInfo(0, 1, [1], [1], 0, end)], null);
}
