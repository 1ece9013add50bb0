using Microsoft.Extensions.Logging;
using Millrace.Broker.Groups;
using Millrace.Broker.Metadata;
using Millrace.Broker.Transactions;

namespace Millrace.Broker.Coordination;

/// <summary>Both coordinators of a broker, loaded from their topics and ready to serve.</summary>
internal sealed partial class Coordinators : IDisposable
{
    private readonly CoordinatorLog _offsets;
    private readonly CoordinatorLog _transactions;
    private readonly ILogger _logger;

    private Coordinators(
        CatalogTopics topics,
        GroupCoordinatorOptions groupOptions,
        TransactionCoordinatorOptions transactionOptions,
        IProducerIdStore producerIds,
        ILoggerFactory loggerFactory,
        TimeProvider time)
    {
        _logger = loggerFactory.CreateLogger<Coordinators>();
        _offsets = new CoordinatorLog(TopicNames.ConsumerOffsets, groupOptions.OffsetsTopicPartitions, groupOptions.OffsetsTopicSegmentBytes, topics, time, _logger);
        _transactions = new CoordinatorLog(
            TopicNames.TransactionState, transactionOptions.StateTopicPartitions, transactionOptions.StateTopicSegmentBytes, topics, time, _logger);
        Groups = new GroupCoordinator(groupOptions, _offsets, time, loggerFactory, topics);
        Transactions = new TransactionCoordinator(
            transactionOptions, _transactions, new TransactionMarkers(topics, Groups, time, _logger), producerIds, time, loggerFactory);
    }

    public GroupCoordinator Groups { get; }

    public TransactionCoordinator Transactions { get; }

    /// <summary>Loads both, groups first: finishing a transaction may settle offsets.</summary>
    /// <param name="broker">The broker's options.</param>
    /// <param name="catalog">The broker's topics.</param>
    /// <param name="dataDirectory">Where the next free producer id is remembered.</param>
    /// <param name="loggerFactory">Makes loggers.</param>
    /// <param name="time">The clock.</param>
    public static async Task<Coordinators> StartAsync(
        BrokerOptions broker, TopicCatalog catalog, string dataDirectory, ILoggerFactory loggerFactory, TimeProvider time)
    {
        var coordinators = new Coordinators(
            new CatalogTopics(catalog),
            CoordinatorSettings.Groups(broker),
            CoordinatorSettings.Transactions(broker),
            new FileProducerIdStore(Path.Combine(dataDirectory, "producer-ids")),
            loggerFactory,
            time);
        coordinators.Groups.Load();
        coordinators.Transactions.Load();
        await coordinators.Transactions.ResumeAsync();
        catalog.Deleted += topic => _ = coordinators.ForgetAsync(topic.Name);
        return coordinators;
    }

    public void Dispose()
    {
        Transactions.Dispose();
        Groups.Dispose();
        _transactions.Dispose();
        _offsets.Dispose();
    }

    private async Task ForgetAsync(string topic)
    {
        try
        {
            await Groups.ForgetTopicAsync(topic);
        }
        catch (Exception exception)
        {
            ForgetFailed(_logger, exception, topic);
        }
    }

    [LoggerMessage(2402, LogLevel.Error, "The offsets of the deleted topic {Topic} could not be removed")]
    private static partial void ForgetFailed(ILogger logger, Exception exception, string topic);
}
