using System.Text.Json;
using Millrace.Samples.Bank.Fraud;
using Millrace.Samples.Bank.Model;
using Millrace.Streams;
using Millrace.Streams.Kafka;

namespace Millrace.Samples.Bank.Jobs;

/// <summary>Judges every new transaction by what its account did in the last day.</summary>
public sealed class FraudRulesJob : IStreamJob
{
    /// <inheritdoc/>
    public string Name => "fraud-rules";

    /// <inheritdoc/>
    public void Build(StreamExecutionEnvironment env, IReadOnlyDictionary<string, string> settings)
    {
        var transactions = BankSource.Transactions(env, settings, BankTopics.FraudGroup);

        var alerts = transactions.KeyBy(tx => tx.AccountId).Process(new ApplyRules()).Uid("rules").Name("Fraud rules");

        alerts.SinkTo(KafkaSink.Builder<FraudAlert>()
            .SetBootstrapServers(settings["bootstrap.servers"])
            .SetTopic(BankTopics.Alerts)
            .SetKey(a => $"{a.AccountId}")
            .SetValueSerializer(a => JsonSerializer.SerializeToUtf8Bytes(a, BankJson.Default.FraudAlert))
            .SetDeliveryGuarantee(DeliveryGuarantee.ExactlyOnce)
            .SetTransactionalId(Name)
            .Build()).Uid("alerts").Name(BankTopics.Alerts);
    }

    private sealed class ApplyRules : KeyedProcessFunction<long, Transaction, FraudAlert>
    {
        private IValueState<AccountActivity> _activity = null!;

        public override void Open() => _activity = GetState(new ValueStateDescriptor<AccountActivity>("activity"));

        public override void ProcessElement(Transaction value, Context ctx, ICollector<FraudAlert> output)
        {
            var activity = _activity.Value ?? new AccountActivity();
            foreach (var alert in FraudRules.Apply(activity, value)) output.Collect(alert);
            _activity.Update(activity);
            ctx.TimerService.RegisterEventTimeTimer(CleanUpAt(value.CreatedAt));
        }

        // An account that has been quiet for the whole retention costs nothing.
        public override void OnTimer(long timestamp, OnTimerContext ctx, ICollector<FraudAlert> output)
        {
            var horizon = DateTimeOffset.FromUnixTimeMilliseconds(timestamp) - AccountActivity.Retention;
            if (_activity.Value is { } activity && activity.Recent[^1].At <= horizon) _activity.Clear();
        }

        // On the full hour after the retention: timers of one account and hour are one timer.
        private static long CleanUpAt(DateTimeOffset at)
        {
            var hour = TimeSpan.FromHours(1).Ticks;
            return new DateTimeOffset(((at + AccountActivity.Retention).UtcTicks / hour * hour) + hour, TimeSpan.Zero).ToUnixTimeMilliseconds();
        }
    }
}
