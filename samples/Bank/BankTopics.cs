namespace Millrace.Samples.Bank;

/// <summary>The bank's topics and groups, by the convention <c>domain.subdomain.event-type.version</c>; change topics begin with <c>cdc.</c></summary>
public static class BankTopics
{
    /// <summary>Changes of <c>public.transactions</c>, in Debezium's envelope.</summary>
    public const string Transactions = "cdc.transactions";

    /// <summary>Changes of <c>public.accounts</c>, in Debezium's envelope.</summary>
    public const string Accounts = "cdc.accounts";

    /// <summary>Transactions per account and minute.</summary>
    public const string Activity = "payments.account-activity.per-minute.v1";

    /// <summary>Fraud alerts.</summary>
    public const string Alerts = "fraud.alerts.detected.v1";

    /// <summary>The consumer group of the fraud job.</summary>
    public const string FraudGroup = "fraud-rules";

    /// <summary>The consumer group of the activity job.</summary>
    public const string ActivityGroup = "account-activity";
}
