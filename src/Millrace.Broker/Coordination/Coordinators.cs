using Microsoft.Extensions.Logging;
using Millrace.Broker.Groups;
using Millrace.Broker.Metadata;
using Millrace.Broker.Sharing;
using Millrace.Broker.Transactions;

namespace Millrace.Broker.Coordination;

/// <summary>Both coordinators of a broker, loaded from their topics and ready to serve.</summary>
internal sealed partial class Coordinators : IDisposable
{
    private readonly CoordinatorLog _offsets;
    private readonly CoordinatorLog _transactions;
    private readonly CoordinatorLog _shares;
    private readonly ILogger _logger;

    private Coordinators(
        TopicCatalog catalog,
        CatalogTopics topics,
        GroupCoordinatorOptions groupOptions,
        TransactionCoordinatorOptions transactionOptions,
        ShareOptions sharing,
        IProducerIdStore producerIds,
        ILoggerFactory loggerFactory,
        TimeProvider time)
    {
        _logger = loggerFactory.CreateLogger<Coordinators>();
        _offsets = new CoordinatorLog(TopicNames.ConsumerOffsets, groupOptions.OffsetsTopicPartitions, groupOptions.OffsetsTopicSegmentBytes, topics, time, _logger);
        _transactions = new CoordinatorLog(
            TopicNames.TransactionState, transactionOptions.StateTopicPartitions, transactionOptions.StateTopicSegmentBytes, topics, time, _logger);
        Groups = new GroupCoordinator(groupOptions, _offsets, time, loggerFactory, topics);
        _shares = new CoordinatorLog(TopicNames.ShareGroupState, sharing.StateTopicPartitions, sharing.StateTopicSegmentBytes, topics, time, _logger, isCompacted: false);
        var store = new ShareStateStore(_shares, sharing.UpdatesPerSnapshot, time, _logger);
        var partitions = new SharePartitions(catalog, store, _ => sharing.Partition, time, _logger);
        Sharing = new ShareCoordination(store, partitions, new ShareSessions(partitions, sharing.MaxSessions, _logger), sharing, time, _logger);
        Groups.Sharing = new ShareGroupSupport(
            _ => sharing.SessionTimeoutMs, _ => sharing.HeartbeatIntervalMs, sharing.MaxSize, Sharing.InitializeAsync, Sharing.Sessions.MemberLeft, Sharing.DeleteAsync);
        Transactions = new TransactionCoordinator(
            transactionOptions, _transactions, new TransactionMarkers(topics, Groups, time, _logger), producerIds, time, loggerFactory);
    }

    public GroupCoordinator Groups { get; }

    public ShareCoordination Sharing { get; }

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
            catalog,
            new CatalogTopics(catalog),
            CoordinatorSettings.Groups(broker),
            CoordinatorSettings.Transactions(broker),
            CoordinatorSettings.Sharing(broker),
            new FileProducerIdStore(Path.Combine(dataDirectory, "producer-ids")),
            loggerFactory,
            time);
        coordinators.Sharing.Store.Load();
        coordinators.Groups.Load();
        coordinators.Transactions.Load();
        await coordinators.Transactions.ResumeAsync();
        HangingTransactions.Warn(catalog.All.SelectMany(static t => t.Partitions), coordinators.Transactions.List(), coordinators._logger);
        coordinators.Sharing.StartPruning();
        catalog.Deleted += topic => _ = coordinators.ForgetAsync(topic);
        return coordinators;
    }

    public void Dispose()
    {
        Transactions.Dispose();
        Sharing.Dispose();
        Groups.Dispose();
        _transactions.Dispose();
        _shares.Dispose();
        _offsets.Dispose();
    }

    private async Task ForgetAsync(Topic topic)
    {
        try
        {
            await Groups.ForgetTopicAsync(topic.Name);
            await Sharing.Partitions.ForgetTopicAsync(topic.Id);
        }
        catch (Exception exception)
        {
            ForgetFailed(_logger, exception, topic.Name);
        }
    }

    [LoggerMessage(2402, LogLevel.Error, "The offsets of the deleted topic {Topic} could not be removed")]
    private static partial void ForgetFailed(ILogger logger, Exception exception, string topic);
}
