using Millrace.Console.Backends.Streams;
using Millrace.Console.Tests.Support;

namespace Millrace.Console.Tests.Parsing;

public sealed class FlinkAnswersTests
{
    private static readonly string[] Vertices = ["cbc357ccb763df2852fee8c4fc7d55f2", "c27dcf7b54ef6bfd6cff02ca8870b681"];

    [Fact]
    public void A_running_job_of_flink_is_read_whole()
    {
        var job = Read(Answers.Json("flink-job"));

        Assert.Equal("account-activity-per-minute", job.Name);
        Assert.Equal("RUNNING", job.State);
        Assert.Equal(2, job.Vertices.Count);
        var sink = job.Vertices.Single(static vertex => vertex.Inputs.Count > 0);
        Assert.Equal("cbc357ccb763df2852fee8c4fc7d55f2", Assert.Single(sink.Inputs).FromId);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1795456920736), sink.Watermark);
        Assert.Equal("ok", sink.BackPressure.Level);
        Assert.Equal(0.227, sink.BackPressure.Busy);
        Assert.Equal(6, job.Checkpoints.Completed);
        Assert.Equal(2, job.Checkpoints.Failed);
        Assert.Equal(TimeSpan.FromSeconds(3), job.Checkpoints.Interval);
        Assert.Equal(("exactly_once", TimeSpan.FromMinutes(10)), (job.Checkpoints.Mode, job.Checkpoints.Timeout));
        Assert.Equal(6, job.Checkpoints.LastCompleted!.Id);
        Assert.Equal(66_860, job.Checkpoints.LastCompleted.Size);
    }

    [Fact]
    public void A_watermark_that_no_record_has_set_yet_is_unknown()
    {
        using var none = System.Text.Json.JsonDocument.Parse("""[{"id":"0.currentInputWatermark","value":"-9223372036854775808"}]""");

        var job = FlinkAnswers.ToJob(Answers.Json("flink-job"), default, default, default, Vertices.ToDictionary(static id => id, _ => (none.RootElement, default(System.Text.Json.JsonElement))));

        Assert.Null(job.Watermark);
        Assert.Same(JobCheckpoints.None, job.Checkpoints);
    }

    [Fact]
    public void Answers_with_other_values_than_promised_never_throw()
    {
        var random = new Random(4711);
        var job = Answers.Json("flink-job");
        for (var i = 0; i < 2000; i++) Assert.NotNull(Read(Damage.Element(job, random), random));
    }

    private static Job Read(System.Text.Json.JsonElement job, Random? random = null)
    {
        return FlinkAnswers.ToJob(job, Part("flink-checkpoints"), Part("flink-cpconfig"), default, Vertices.ToDictionary(static id => id, _ => (Part("flink-watermarks"), Part("flink-backpressure"))));

        System.Text.Json.JsonElement Part(string name) => random is null ? Answers.Json(name) : Damage.Element(Answers.Json(name), random);
    }
}
