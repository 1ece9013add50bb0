using Millrace.Samples.Bank.Model;
using Millrace.Streams.Kafka;

namespace Millrace.Samples.Bank.Jobs;

/// <summary>The source that both jobs read, each in a group of its own.</summary>
internal static class BankSource
{
    public static KafkaSource<Transaction> Transactions(IReadOnlyDictionary<string, string> settings, string group) => KafkaSource.Builder<Transaction>()
        .SetBootstrapServers(settings["bootstrap.servers"])
        .SetTopics(BankTopics.Transactions)
        .SetGroupId(group)
        .SetStartingOffsets(OffsetsInitializer.CommittedOffsets(OffsetResetStrategy.Earliest))
        .SetDeserializer(new NewTransactions())
        .Build();
}
