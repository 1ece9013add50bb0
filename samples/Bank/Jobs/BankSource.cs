using Millrace.Samples.Bank.Model;
using Millrace.Streams;
using Millrace.Streams.Kafka;

namespace Millrace.Samples.Bank.Jobs;

/// <summary>The source that both jobs read, each in a group of its own.</summary>
internal static class BankSource
{
    /// <summary>A transaction that comes later than this behind a newer one of its partition is late.</summary>
    public static readonly TimeSpan OutOfOrderness = TimeSpan.FromSeconds(5);

    public static DataStream<Transaction> Transactions(StreamExecutionEnvironment env, IReadOnlyDictionary<string, string> settings, string group) => env.FromSource(
        KafkaSource.Builder<Transaction>()
            .SetBootstrapServers(settings["bootstrap.servers"])
            .SetTopics(BankTopics.Transactions)
            .SetGroupId(group)
            .SetStartingOffsets(OffsetsInitializer.CommittedOffsets(OffsetResetStrategy.Earliest))
            .SetDeserializer(new NewTransactions())
            .Build(),
        WatermarkStrategy.ForBoundedOutOfOrderness<Transaction>(OutOfOrderness)
            .WithTimestampAssigner((tx, _) => tx.CreatedAt)
            .WithIdleness(TimeSpan.FromSeconds(5)),
        "Transactions").Uid("transactions");
}
