using Millrace.Kafka.Naming;

namespace Millrace.Kafka.Tests.Naming;

public sealed class TopicNameTests
{
    [Theory]
    [InlineData("payments.transactions.created.v1")]
    [InlineData("payments.account-activity.per-minute.v1")]
    [InlineData("payments.account-activity.per-minute.v12.dlt")]
    [InlineData("cdc.accounts.changes")]
    [InlineData("cdc.account_balances")]
    [InlineData("__consumer_offsets")]
    public void Names_by_the_convention_and_exempt_names_pass(string name) => Assert.Null(TopicName.Check(name));

    [Theory]
    [InlineData("payments", "it has 1 part between dots, not 4")]
    [InlineData("a.b.c.d.v1", "it has 5 parts")]
    [InlineData("payments.Transactions.created.v1", "'Transactions' must begin with a small letter")]
    [InlineData("payments.transactions.created.1", "'1' must be v1, v2")]
    [InlineData("payments.transactions.created.v0", "'v0' must be v1, v2")]
    [InlineData("payments.transactions..v1", "'' must begin")]
    [InlineData("payments/x", "not allowed by Kafka")]
    [InlineData("..", "not allowed by Kafka")]
    [InlineData("", "not allowed by Kafka")]
    public void Other_names_are_refused_with_the_difference_and_what_to_do(string name, string difference) =>
        Assert.Contains(difference, TopicName.Check(name), StringComparison.Ordinal);
}
