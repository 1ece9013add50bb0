using Microsoft.Extensions.Logging;
using Millrace.Broker.Groups;
using Millrace.Broker.Transactions;

namespace Millrace.Broker.Coordination;

/// <summary>Both coordinators of a broker, loaded from their topics and ready to serve.</summary>
internal sealed class Coordinators : IDisposable
{
    public const string OffsetsTopic = "__consumer_offsets";
    public const string TransactionsTopic = "__transaction_state";

    private readonly CoordinatorLog _offsets;
    private readonly CoordinatorLog _transactions;

    private Coordinators(
        ICoordinatorTopics topics,
        GroupCoordinatorOptions groupOptions,
        TransactionCoordinatorOptions transactionOptions,
        IProducerIdStore producerIds,
        ILoggerFactory loggerFactory,
        TimeProvider time)
    {
        var logger = loggerFactory.CreateLogger<Coordinators>();
        _offsets = new CoordinatorLog(OffsetsTopic, groupOptions.OffsetsTopicPartitions, groupOptions.OffsetsTopicSegmentBytes, topics, time, logger);
        _transactions = new CoordinatorLog(
            TransactionsTopic, transactionOptions.StateTopicPartitions, transactionOptions.StateTopicSegmentBytes, topics, time, logger);
        Groups = new GroupCoordinator(groupOptions, _offsets, time, loggerFactory);
        Transactions = new TransactionCoordinator(
            transactionOptions, _transactions, new TransactionMarkers(topics, Groups, time, logger), producerIds, time, loggerFactory);
    }

    public GroupCoordinator Groups { get; }

    public TransactionCoordinator Transactions { get; }

    /// <summary>Loads both, groups first: finishing a transaction may settle offsets.</summary>
    public static async Task<Coordinators> StartAsync(
        ICoordinatorTopics topics,
        GroupCoordinatorOptions groupOptions,
        TransactionCoordinatorOptions transactionOptions,
        IProducerIdStore producerIds,
        ILoggerFactory loggerFactory,
        TimeProvider time)
    {
        var coordinators = new Coordinators(topics, groupOptions, transactionOptions, producerIds, loggerFactory, time);
        coordinators.Groups.Load();
        coordinators.Transactions.Load();
        await coordinators.Transactions.ResumeAsync();
        return coordinators;
    }

    public void Dispose()
    {
        Transactions.Dispose();
        Groups.Dispose();
        _transactions.Dispose();
        _offsets.Dispose();
    }
}
