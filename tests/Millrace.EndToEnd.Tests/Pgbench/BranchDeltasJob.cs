using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Streams;
using Millrace.Streams.Kafka;

namespace Millrace.EndToEnd.Tests.Pgbench;

/// <summary>A row of <c>pgbench_history</c>.</summary>
public sealed record HistoryRow([property: JsonPropertyName("bid")] int Branch, [property: JsonPropertyName("delta")] int Delta);

/// <summary>What a branch's history amounts to after each of its rows; <see cref="Rows"/> counts up by one, so that a gap or a repetition shows.</summary>
public sealed record BranchDeltas([property: JsonPropertyName("bid")] int Branch, [property: JsonPropertyName("rows")] long Rows, [property: JsonPropertyName("sum")] long Sum);

/// <summary>Adds up pgbench's deltas per branch, exactly once: state and results that pgbench_branches itself must agree with.</summary>
public sealed class BranchDeltasJob : IStreamJob
{
    public const string Topic = "pgbench.branch.deltas-updated.v1";

    public string Name => "branch-deltas";

    public void Build(StreamExecutionEnvironment env, IReadOnlyDictionary<string, string> settings)
    {
        var source = KafkaSource.Builder<HistoryRow>()
            .SetBootstrapServers(settings["bootstrap.servers"])
            .SetTopics(PgbenchTables.HistoryTopic)
            .SetGroupId(Name)
            .SetStartingOffsets(OffsetsInitializer.CommittedOffsets(OffsetResetStrategy.Earliest))
            .SetDeserializer(new NewRows())
            .Build();
        env.FromSource(source, WatermarkStrategy.NoWatermarks<HistoryRow>(), "History").Uid("history")
            .KeyBy(row => row.Branch)
            .Process(new AddUp()).Uid("sums")
            .SinkTo(KafkaSink.Builder<BranchDeltas>()
                .SetBootstrapServers(settings["bootstrap.servers"])
                .SetTopic(Topic)
                .SetKey(b => $"{b.Branch}")
                .SetValueSerializer(b => JsonSerializer.SerializeToUtf8Bytes(b))
                .SetDeliveryGuarantee(DeliveryGuarantee.ExactlyOnce)
                .SetTransactionalId(Name)
                .Build()).Uid("deltas");
    }

    private sealed class NewRows : IKafkaDeserializer<HistoryRow>
    {
        public bool TryDeserialize(in KafkaRecordView record, out HistoryRow value)
        {
            var reader = new Utf8JsonReader(record.Value);
            using var document = JsonDocument.ParseValue(ref reader);
            value = document.RootElement.GetProperty("after").Deserialize<HistoryRow>() ?? throw new JsonException("a change without 'after'");
            return true;
        }
    }

    private sealed class AddUp : KeyedProcessFunction<int, HistoryRow, BranchDeltas>
    {
        private IValueState<BranchDeltas> _sum = null!;

        public override void Open() => _sum = GetState(new ValueStateDescriptor<BranchDeltas>("sum"));

        public override void ProcessElement(HistoryRow value, Context ctx, ICollector<BranchDeltas> output)
        {
            var before = _sum.Value ?? new BranchDeltas(value.Branch, 0, 0);
            var after = before with { Rows = before.Rows + 1, Sum = before.Sum + value.Delta };
            _sum.Update(after);
            output.Collect(after);
        }
    }
}
