using System.Runtime.InteropServices;

namespace Millrace.Kafka.Native;

/// <summary>An rd_kafka_queue_t; keeps its client alive.</summary>
internal sealed class QueueHandle : SafeHandle
{
    private readonly ClientHandle _client;

    private QueueHandle(ClientHandle client, nint queue)
        : base(0, ownsHandle: true)
    {
        _client = client;
        var added = false;
        client.DangerousAddRef(ref added);
        SetHandle(queue);
    }

    public override bool IsInvalid => handle == 0;

    internal static QueueHandle OfConsumer(ClientHandle client) => new(client, LibRdKafka.rd_kafka_queue_get_consumer(client));

    internal static QueueHandle New(ClientHandle client) => new(client, LibRdKafka.rd_kafka_queue_new(client));

    protected override bool ReleaseHandle()
    {
        LibRdKafka.rd_kafka_queue_destroy(handle);
        _client.DangerousRelease();
        return true;
    }
}
