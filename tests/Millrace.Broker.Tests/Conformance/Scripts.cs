namespace Millrace.Broker.Tests.Conformance;

/// <summary>What the clients in other languages run: arguments are the bootstrap address and a topic.</summary>
internal static class Scripts
{
    public const string PythonKafka =
        """
        import sys
        from kafka import KafkaProducer, KafkaConsumer
        from kafka.admin import KafkaAdminClient, NewTopic
        bootstrap, topic = sys.argv[1:3]
        # No create_topics: this client relies on the broker making the topic when it asks for metadata.
        producer = KafkaProducer(bootstrap_servers=bootstrap, acks='all')
        for i in range(100):
            last = producer.send(topic, key=b'k%d' % i, value=b'v%d' % i)
        last.get(timeout=30)
        consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id='py-' + topic, auto_offset_reset='earliest', consumer_timeout_ms=20000)
        seen = 0
        for message in consumer:
            seen += 1
            if seen == 100:
                break
        consumer.commit()
        consumer.close()
        print('consumed', seen)
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        admin.create_topics([NewTopic(topic + '-2', 2, 1)])
        print('created', topic + '-2' in admin.list_topics())
        admin.delete_topics([topic + '-2'])
        """;

    public const string PythonConfluent =
        """
        import sys
        from confluent_kafka import Producer, Consumer
        from confluent_kafka.admin import AdminClient, NewTopic, ConfigResource
        bootstrap, topic = sys.argv[1:3]
        admin = AdminClient({'bootstrap.servers': bootstrap})
        for _, done in admin.create_topics([NewTopic(topic, 2, 1, config={'retention.ms': '3600000'})]).items():
            done.result()
        producer = Producer({'bootstrap.servers': bootstrap, 'transactional.id': 'tx-' + topic, 'compression.type': 'zstd'})
        producer.init_transactions(30)
        for commit in (True, False, True, True):
            producer.begin_transaction()
            for i in range(100):
                producer.produce(topic, key='k%d' % i, value='v' * 50)
            producer.commit_transaction(30) if commit else producer.abort_transaction(30)
        consumer = Consumer({'bootstrap.servers': bootstrap, 'group.id': 'cf-' + topic, 'auto.offset.reset': 'earliest', 'isolation.level': 'read_committed', 'enable.auto.commit': False, 'enable.partition.eof': True})
        consumer.subscribe([topic])
        seen, ends = 0, set()
        for _ in range(2000):
            message = consumer.poll(0.5)
            if message is None:
                continue
            if message.error():
                ends.add(message.partition())
                if len(ends) == 2 and seen >= 300:
                    break
            else:
                seen += 1
        consumer.commit(asynchronous=False)
        consumer.close()
        print('consumed', seen)
        config = list(admin.describe_configs([ConfigResource('topic', topic)]).values())[0].result()
        assert config['retention.ms'].value == '3600000', config['retention.ms'].value
        for _, done in admin.delete_topics([topic]).items():
            done.result()
        print('deleted')
        """;

    public const string KafkaJs =
        """
        const { Kafka, CompressionTypes, logLevel } = require('kafkajs');
        const [bootstrap, topic] = process.argv.slice(2);
        (async () => {
          const kafka = new Kafka({ clientId: 'js', brokers: [bootstrap], logLevel: logLevel.ERROR });
          const admin = kafka.admin();
          await admin.connect();
          await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] });
          const producer = kafka.producer({ idempotent: true });
          await producer.connect();
          for (let i = 0; i < 10; i++)
            await producer.send({ topic, compression: CompressionTypes.GZIP, messages: Array.from({ length: 10 }, (_, j) => ({ key: `k${i}`, value: `v${j}`, headers: { h: 'x' } })) });
          const group = 'js-' + topic;
          const consumer = kafka.consumer({ groupId: group });
          await consumer.connect();
          await consumer.subscribe({ topics: [topic], fromBeginning: true });
          let seen = 0;
          await new Promise((done, failed) => {
            setTimeout(() => failed(new Error('consumed only ' + seen)), 60000);
            consumer.run({ eachMessage: async () => { if (++seen === 100) done(); } });
          });
          console.log('consumed', seen);
          await consumer.commitOffsets([{ topic, partition: 0, offset: '100' }]);
          await consumer.disconnect();
          const offsets = await admin.fetchOffsets({ groupId: group, topics: [topic] });
          console.log('committed', offsets[0].partitions[0].offset);
          await admin.describeConfigs({ resources: [{ type: 2, name: topic }] });
          await admin.deleteTopics({ topics: [topic] });
          await producer.disconnect();
          await admin.disconnect();
          process.exit(0);
        })().catch(e => { console.error(e); process.exit(1); });
        """;
}
