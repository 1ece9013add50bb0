using Millrace.Streams.Connectors;

namespace Millrace.Streams.Kafka;

/// <summary>Makes the job's transactional producer. Sinks with the same cluster, transactional id and settings share it.</summary>
internal sealed class KafkaCommitPointFactory(KafkaSinkSettings settings) : ICommitPointFactory
{
    public string Description => $"Kafka at {settings.BootstrapServers} ({settings.TransactionalId ?? "default transactional id"})";

    public bool Equals(ICommitPointFactory? other) => other is KafkaCommitPointFactory factory && string.Equals(factory.Identity, Identity, StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as ICommitPointFactory);

    public override int GetHashCode() => string.GetHashCode(Identity, StringComparison.Ordinal);

    private string Identity => string.Join('\n', [
        settings.BootstrapServers, settings.TransactionalId ?? string.Empty, settings.TransactionTimeout.ToString(),
        .. settings.Properties.OrderBy(static one => one.Key, StringComparer.Ordinal).Select(static one => $"{one.Key}={one.Value}")]);

    public ICommitPoint Create(CommitPointContext context)
    {
        if (settings.TransactionTimeout <= context.CheckpointInterval)
        {
            throw new CheckpointException(
                $"Kafka sink: the transaction timeout of {settings.TransactionTimeout} is not longer than the checkpoint interval of {context.CheckpointInterval}, so the broker would abort results that wait for their checkpoint. "
                + "Set SetTransactionTimeout to the interval plus the longest outage that the job must survive.");
        }

        return new KafkaCommitPoint(settings, context);
    }
}
