using System.Globalization;
using System.Text.Json;
using CsCheck;
using Millrace.Streams.Monitoring;
using Millrace.Streams.Runtime;
using Millrace.Streams.Serialization;
using Millrace.Streams.State;

namespace Millrace.Streams.Tests;

public sealed class RuntimeTests
{
    [Fact]
    public void The_watermark_is_the_minimum_of_active_inputs_and_never_goes_back()
    {
        var valve = new WatermarkValve(2);
        Assert.False(valve.OnWatermark(0, 10).HasWatermark);
        Assert.Equal(5, valve.OnWatermark(1, 5).Watermark);
        Assert.Equal(10, valve.OnStatus(1, idle: true).Watermark);
        Assert.Equal(20, valve.OnWatermark(0, 20).Watermark);

        // Back, but behind: it does not hold back the others before it has caught up.
        valve.OnStatus(1, idle: false);
        Assert.False(valve.OnWatermark(1, 15).HasWatermark);
        Assert.Equal(30, valve.OnWatermark(0, 30).Watermark);
        Assert.False(valve.OnWatermark(1, 35).HasWatermark);
        Assert.Equal(35, valve.OnWatermark(0, 40).Watermark);
    }

    [Fact]
    public void When_all_inputs_go_idle_the_highest_watermark_goes_out_first()
    {
        var valve = new WatermarkValve(2);
        valve.OnWatermark(0, 10);
        valve.OnWatermark(1, 50);
        valve.OnStatus(1, idle: true);
        var outcome = valve.OnStatus(0, idle: true);
        Assert.Equal(50, outcome.Watermark);
        Assert.True(outcome.Idle);
        Assert.False(valve.OnStatus(0, idle: false).Idle);
    }

    [Fact]
    public void A_channel_is_blocked_from_its_barrier_until_all_have_it()
    {
        var aligner = new BarrierAligner(2, blocks: true);
        Assert.False(aligner.OnBarrier(0, 1));
        Assert.True(aligner.IsBlocked(0));
        Assert.False(aligner.IsBlocked(1));
        Assert.True(aligner.OnBarrier(1, 1));
        Assert.False(aligner.IsBlocked(0));
    }

    [Fact]
    public void A_newer_barrier_cancels_the_pending_one_and_late_ones_are_ignored()
    {
        var aligner = new BarrierAligner(2, blocks: true);
        aligner.OnBarrier(0, 1);
        Assert.False(aligner.OnBarrier(1, 2));
        Assert.False(aligner.IsBlocked(0));
        Assert.True(aligner.IsBlocked(1));
        Assert.True(aligner.OnBarrier(0, 2));

        aligner.OnBarrier(0, 3);
        aligner.OnAborted(3);
        Assert.False(aligner.IsBlocked(0));
        Assert.False(aligner.OnBarrier(1, 3));
        Assert.False(aligner.IsBlocked(1));
    }

    [Fact]
    public void Key_groups_of_all_subtasks_cover_everything_once() =>
        Gen.Select(Gen.Int[1, 300], Gen.Int[1, 300]).Where(one => one.Item1 <= one.Item2).Sample((parallelism, max) =>
        {
            var owners = new int[max];
            for (var subtask = 0; subtask < parallelism; subtask++)
            {
                var range = KeyGroups.RangeOf(subtask, parallelism, max);
                for (var group = range.From; group <= range.To; group++)
                {
                    owners[group]++;
                    Assert.Equal(subtask, KeyGroups.OperatorIndex(group, parallelism, max));
                }
            }

            Assert.All(owners, count => Assert.Equal(1, count));
        });

    [Fact]
    public void The_key_group_of_a_key_is_fixed_for_ever()
    {
        // Bytes on disk depend on these: if they change, old checkpoints can no longer be restored.
        int[] groups = [
            new KeyGroupHasher<string>(TypeSerializers.For<string>(), 32768).GroupOf("account-42"),
            new KeyGroupHasher<long>(TypeSerializers.For<long>(), 32768).GroupOf(42),
            new KeyGroupHasher<Guid>(TypeSerializers.For<Guid>(), 32768).GroupOf(Guid.Empty)];
        Assert.Equal(s_groups, groups);
    }

    private static readonly int[] s_groups = [31119, 10184, 2408];

    [Fact]
    public void Values_come_back_from_their_serialisers_as_they_were()
    {
        RoundTrip("ä€𝄞");
        RoundTrip(-1L);
        RoundTrip(12.50m);
        RoundTrip(DateTimeOffset.UnixEpoch.ToOffset(TimeSpan.FromHours(3)));
        RoundTrip(DayOfWeek.Friday);
        RoundTrip((int?)null);
        RoundTrip(("a", 1L));
        RoundTrip(new Tx("a", 1, 2));
        Assert.Equal([new Tx("a", 1, 2), new Tx("b", 3, 4)], Copy(new List<Tx> { new("a", 1, 2), new("b", 3, 4) }));
        Assert.Equal(new Dictionary<string, int[]> { ["x"] = [1, 2] }, Copy(new Dictionary<string, int[]> { ["x"] = [1, 2] }));
    }

    [Fact]
    public void Equal_decimals_are_the_same_key() => Assert.Equal(Bytes(1.0m), Bytes(1.00m));

    [Fact]
    public void Merged_runs_hold_the_last_value_of_each_key() =>
        Gen.Select(Gen.Int[0, 20], Gen.Int[0, 3]).Array[0, 30].Array[1, 6].Sample(generations =>
        {
            var table = new StateTable<int, int, string>("s", TypeSerializers.For<int>(), TypeSerializers.For<int>(), TypeSerializers.For<string>(), true);
            var expected = new Dictionary<(int, int), string>();
            var runs = new List<(byte[], KeyGroupRange)>();
            foreach (var (generation, number) in generations.Select((one, n) => (one, n)))
            {
                foreach (var (key, action) in generation)
                {
                    if (action == 0)
                    {
                        table.Remove(key, 0);
                        expected.Remove((key, 0));
                    }
                    else
                    {
                        table.Upsert(key, 0, out _) = expected[(key, 0)] = $"{number}/{action}";
                    }
                }

                runs.Add((Run(table), new KeyGroupRange(0, 127)));
            }

            var merged = SortedRunMerger.Merge(runs, dropsDeletions: true);
            var restored = new StateTable<int, int, string>("s", TypeSerializers.For<int>(), TypeSerializers.For<int>(), TypeSerializers.For<string>(), true);
            foreach (var section in SortedRun.Sections(merged))
            {
                var position = section.Start;
                for (var left = section.Count; left > 0; left--)
                {
                    var entry = SortedRun.ReadEntry(merged, ref position);
                    Assert.False(entry.IsDelete);
                    restored.Load(
                        merged.AsSpan(entry.KeyStart, entry.KeyLength), merged.AsSpan(entry.NsStart, entry.NsLength),
                        merged.AsSpan(entry.ValueStart, entry.ValueLength));
                }
            }

            Assert.Equal(expected, restored.Entries().ToDictionary(one => (one.Key, one.Namespace), one => one.Value));
        });

    [Fact]
    public void Damaged_runs_are_refused_and_never_crash() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Bool).Sample((bytes, versioned) =>
        {
            if (versioned && bytes.Length > 0)
            {
                bytes[0] = SortedRunBuilder.Version;
            }

            try
            {
                SortedRunMerger.Merge([(bytes, new KeyGroupRange(0, 127)), (bytes, new KeyGroupRange(0, 127))], dropsDeletions: false);
            }
            catch (Exception exception)
            {
                Assert.True(exception is InvalidDataException or ArgumentException, exception.ToString());
            }
        });

    [Fact]
    public async Task Monitoring_speaks_Flinks_paths()
    {
        var registry = new JobRegistry();
        var env = StreamExecutionEnvironment.GetExecutionEnvironment(new StreamExecutionOptions { Registry = registry });
        env.FromCollection(Enumerable.Range(0, 1000)).KeyBy(n => n % 10).Reduce((a, b) => a + b).ForEach(_ => { });
        await env.ExecuteAsync("monitored");
        var monitoring = new FlinkMonitoring(registry);
        var job = Assert.Single(registry.Jobs);
        var vertex = job.GetSnapshot().Vertices[1];
        Assert.Contains("\"FINISHED\"", monitoring.Get("/jobs").Json, StringComparison.Ordinal);
        Assert.Contains("monitored", monitoring.Get("/v1/jobs/overview").Json, StringComparison.Ordinal);
        Assert.Contains("\"read-records\":1000", monitoring.Get($"/jobs/{job.JobId}").Json, StringComparison.Ordinal);
        Assert.Contains(long.MaxValue.ToString(CultureInfo.InvariantCulture), monitoring.Get($"/jobs/{job.JobId}/vertices/{vertex.Id}/watermarks").Json, StringComparison.Ordinal);
        Assert.Contains("backpressureLevel", monitoring.Get($"/jobs/{job.JobId}/vertices/{vertex.Id}/backpressure").Json, StringComparison.Ordinal);
        Assert.Contains("counts", monitoring.Get($"/jobs/{job.JobId}/checkpoints").Json, StringComparison.Ordinal);
        Assert.Contains("exceptionHistory", monitoring.Get($"/jobs/{job.JobId}/exceptions").Json, StringComparison.Ordinal);
        Assert.Equal(200, monitoring.Get("/overview").StatusCode);
        Assert.Equal(404, monitoring.Get("/jobs/nothing").StatusCode);
        Assert.Equal(404, monitoring.Get("/nowhere").StatusCode);
    }

    [Fact]
    public async Task Checkpoints_are_told_in_the_shape_of_Flinks_own_answers()
    {
        var registry = new JobRegistry();
        var env = StreamExecutionEnvironment.GetExecutionEnvironment(new StreamExecutionOptions { Registry = registry });
        env.EnableCheckpointing(TimeSpan.FromMilliseconds(10));
        env.CheckpointConfig.CheckpointTimeout = TimeSpan.FromSeconds(90);
        // Waits before its last element, so that it runs for as long as the test looks.
        env.FromSource(new GeneratorSource<int>(1, 1000, static (_, n) => n, static (_, n) => n < 999), WatermarkStrategy.NoWatermarks<int>(), "numbers").KeyBy(n => n % 10).Reduce((a, b) => a + b).ForEach(_ => { });
        var job = await env.StartAsync("monitored", TestContext.Current.CancellationToken);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (job.GetSnapshot().Checkpoints.Completed == 0) await Task.Delay(5, limit.Token);
        var monitoring = new FlinkMonitoring(registry);

        var config = monitoring.Get($"/jobs/{job.JobId}/checkpoints/config");
        AssertShape(Flink("flink-cpconfig"), JsonDocument.Parse(config.Json).RootElement, "config");
        Assert.Contains("\"mode\":\"exactly_once\",\"interval\":10,\"timeout\":90000", config.Json, StringComparison.Ordinal);
        AssertShape(Flink("flink-checkpoints"), JsonDocument.Parse(monitoring.Get($"/jobs/{job.JobId}/checkpoints").Json).RootElement, "checkpoints");
        await job.CancelAsync();

        env = StreamExecutionEnvironment.GetExecutionEnvironment(new StreamExecutionOptions { Registry = registry });
        env.FromCollection([1]).ForEach(_ => { });
        await env.ExecuteAsync("without");
        var without = monitoring.Get($"/jobs/{registry.Jobs.Single(one => one.JobName == "without").JobId}/checkpoints/config");
        Assert.Equal(404, without.StatusCode);
        Assert.Contains("not enabled", without.Json, StringComparison.Ordinal);

        static JsonElement Flink(string name)
        {
            using var stream = typeof(RuntimeTests).Assembly.GetManifestResourceStream("answers/" + name)!;
            return JsonDocument.Parse(stream).RootElement;
        }
    }

    // Every field has Flink's name and Flink's kind of value. What Flink has and this engine has not may be missing; it has three durations more.
    private static void AssertShape(JsonElement flink, JsonElement ours, string path)
    {
        foreach (var field in ours.ValueKind == JsonValueKind.Object ? [.. ours.EnumerateObject()] : Array.Empty<JsonProperty>())
        {
            if (field.Name is "alignment_duration" or "store_duration" or "commit_duration") continue;
            Assert.True(flink.TryGetProperty(field.Name, out var same), $"Flink has no {path}.{field.Name}");
            if (field.Value.ValueKind is JsonValueKind.Null || same.ValueKind is JsonValueKind.Null) continue;
            Assert.True(Kind(same) == Kind(field.Value), $"{path}.{field.Name} is {field.Value}, Flink's is {same}");
            AssertShape(same, field.Value, $"{path}.{field.Name}");
        }

        if (ours.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in ours.EnumerateArray()) AssertShape(flink[0], item, path + "[]");
        }

        static string Kind(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Number => value.GetRawText().Contains('.') && !value.GetRawText().EndsWith(".0", StringComparison.Ordinal) ? "fraction" : "whole number",
            var other => other.ToString(),
        };
    }

    private static byte[] Run(IStateTable table)
    {
        var builder = new SortedRunBuilder(128);
        table.CollectChanges(builder);
        var writer = new StateWriter();
        writer.WriteByte(SortedRunBuilder.Version);
        writer.WriteLength(1);
        builder.WriteSection(writer, table.Name, table.Format);
        return writer.ToArray();
    }

    private static byte[] Bytes<T>(T value)
    {
        var writer = new StateWriter();
        TypeSerializers.For<T>().Write(writer, value);
        return writer.ToArray();
    }

    private static T Copy<T>(T value)
    {
        var reader = new StateReader(Bytes(value));
        return TypeSerializers.For<T>().Read(ref reader);
    }

    private static void RoundTrip<T>(T value) => Assert.Equal(value, Copy(value));
}
