using Millrace.Broker.Network;

namespace Millrace.Broker.Handlers;

/// <summary>The one list of what the broker answers. To add an API: write its handler, and name it here.</summary>
internal static class HandlerRegistry
{
    public static HandlerTable Create(BrokerContext broker)
    {
        var table = new HandlerTable();
        table.AddRange(
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
            new DescribeAclsHandler(),
            new DescribeClientQuotasHandler(),
        ]);
        return table;
    }
}
