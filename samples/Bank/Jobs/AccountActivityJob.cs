using System.Text.Json;
using Millrace.Samples.Bank.Model;
using Millrace.Streams;
using Millrace.Streams.Kafka;

namespace Millrace.Samples.Bank.Jobs;

/// <summary>Transactions per account and minute of event time.</summary>
public sealed class AccountActivityJob : IStreamJob
{
    /// <summary>The length of a window.</summary>
    internal static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private static readonly OutputTag<Transaction> _late = new("late-transactions");

    /// <inheritdoc/>
    public string Name => "account-activity";

    /// <inheritdoc/>
    public void Build(StreamExecutionEnvironment env, IReadOnlyDictionary<string, string> settings)
    {
        var transactions = BankSource.Transactions(env, settings, BankTopics.ActivityGroup);

        var activity = transactions.KeyBy(tx => tx.AccountId)
            .Window(TumblingEventTimeWindows.Of(Window))
            .SideOutputLateData(_late)
            .Aggregate(new MinuteActivityAggregate(), new WithWindow())
            .Uid("per-minute").Name("Per account and minute");

        activity.SinkTo(KafkaSink.Builder<MinuteActivity>()
            .SetBootstrapServers(settings["bootstrap.servers"])
            .SetTopic(BankTopics.Activity)
            .SetKey(a => $"{a.AccountId}")
            .SetValueSerializer(a => JsonSerializer.SerializeToUtf8Bytes(a, BankJson.Default.MinuteActivity))
            .SetDeliveryGuarantee(DeliveryGuarantee.ExactlyOnce)
            .SetTransactionalId(Name)
            .Build()).Uid("activity").Name(BankTopics.Activity);
    }
}
