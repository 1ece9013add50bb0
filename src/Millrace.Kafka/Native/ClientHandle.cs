using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Millrace.Kafka.Native;

/// <summary>
/// A consumer's rd_kafka_t and the object that its callbacks go to. Batches and queues hold a reference, since librdkafka must not be
/// destroyed before them.
/// </summary>
internal sealed unsafe class ClientHandle : SafeHandle
{
    private GCHandle _callbacks;

    internal ClientHandle(nint handle, GCHandle callbacks)
        : base(0, ownsHandle: true)
    {
        SetHandle(handle);
        _callbacks = callbacks;
    }

    public override bool IsInvalid => handle == 0;

    internal Error? FatalError() => FatalError(handle);

    internal static Error? FatalError(nint client)
    {
        var buffer = stackalloc byte[NativeText.ErrorBufferSize];
        var code = LibRdKafka.rd_kafka_fatal_error(client, buffer, NativeText.ErrorBufferSize);
        return code == 0 ? null : new Error((ErrorCode)code, NativeText.From(buffer), isFatal: true);
    }

    protected override bool ReleaseHandle()
    {
        LibRdKafka.rd_kafka_destroy(handle);
        _callbacks.Free();
        return true;
    }
}
