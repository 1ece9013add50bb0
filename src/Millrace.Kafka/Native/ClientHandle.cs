using System.Runtime.InteropServices;

namespace Millrace.Kafka.Native;

/// <summary>
/// A consumer's rd_kafka_t and the object that its callbacks go to. Batches hold a reference, since librdkafka must not be destroyed
/// before its messages.
/// </summary>
internal sealed class ClientHandle : SafeHandle
{
    private GCHandle _callbacks;

    internal ClientHandle(nint handle, GCHandle callbacks)
        : base(0, ownsHandle: true)
    {
        SetHandle(handle);
        _callbacks = callbacks;
    }

    public override bool IsInvalid => handle == 0;

    internal nint Pointer => IsClosed ? throw new ObjectDisposedException("KafkaRecordReader") : handle;

    protected override bool ReleaseHandle()
    {
        LibRdKafka.rd_kafka_destroy(handle);
        _callbacks.Free();
        return true;
    }
}
