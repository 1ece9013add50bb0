using Millrace.Broker.Cluster;
using Millrace.Broker.Network;

namespace Millrace.Broker.Handlers;

/// <summary>The one list of what the broker answers. To add an API: write its handler, and name it here.</summary>
internal static class HandlerRegistry
{
    public static HandlerTable Create(BrokerContext broker)
    {
        var table = new HandlerTable();
        IRequestHandler[] handlers =
        [
            new ApiVersionsHandler(table),
            new MetadataHandler(broker),
            new ProduceHandler(broker),
            new FetchHandler(broker),
            new ListOffsetsHandler(broker),
            new CreateTopicsHandler(broker),
            new DeleteTopicsHandler(broker),
            new CreatePartitionsHandler(broker),
            new DeleteRecordsHandler(broker),
            new DescribeConfigsHandler(broker),
            new AlterConfigsHandler(broker),
            new IncrementalAlterConfigsHandler(broker),
            new OffsetForLeaderEpochHandler(broker),
            new DescribeClusterHandler(broker),
            new DescribeTopicPartitionsHandler(broker),
            new DescribeLogDirsHandler(broker),
            new DescribeProducersHandler(broker),
            new ElectLeadersHandler(broker),
            new AlterPartitionReassignmentsHandler(broker),
            new ListPartitionReassignmentsHandler(),
            new SaslHandshakeHandler(),
            new SaslAuthenticateHandler(),
            new DescribeUserScramCredentialsHandler(broker),
            new AlterUserScramCredentialsHandler(broker),
            new DescribeAclsHandler(),
            new DescribeClientQuotasHandler(),
            new FindCoordinatorHandler(broker),
            new JoinGroupHandler(broker),
            new SyncGroupHandler(broker),
            new HeartbeatHandler(broker),
            new LeaveGroupHandler(broker),
            new ConsumerGroupHeartbeatHandler(broker),
            new ConsumerGroupDescribeHandler(broker),
            new ShareGroupHeartbeatHandler(broker),
            new ShareGroupDescribeHandler(broker),
            new ShareFetchHandler(broker),
            new ShareAcknowledgeHandler(broker),
            new OffsetCommitHandler(broker),
            new OffsetFetchHandler(broker),
            new OffsetDeleteHandler(broker),
            new DescribeGroupsHandler(broker),
            new ListGroupsHandler(broker),
            new DeleteGroupsHandler(broker),
            new InitProducerIdHandler(broker),
            new AddPartitionsToTxnHandler(broker),
            new AddOffsetsToTxnHandler(broker),
            new EndTxnHandler(broker),
            new TxnOffsetCommitHandler(broker),
            new DescribeTransactionsHandler(broker),
            new ListTransactionsHandler(broker),
            new WriteTxnMarkersHandler(broker),
        ];
        return table.AddRange(handlers.Select(h => CoordinatedHandler.Guard(h, broker)));
    }
}
