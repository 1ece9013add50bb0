using Millrace.Streams.Runtime;
using Millrace.Streams.Serialization;

namespace Millrace.Streams.Graph;

/// <summary>How elements are spread over the subtasks of the next operator.</summary>
internal abstract class Partitioner<T>
{
    public abstract string Name { get; }

    public abstract RecordWriter CreateWriter(WriterContext context);
}

internal sealed class RebalancePartitioner<T> : Partitioner<T>
{
    public override string Name => "REBALANCE";

    public override RecordWriter CreateWriter(WriterContext context) => new RebalanceWriter<T>(context).Untyped;
}

internal sealed class BroadcastPartitioner<T> : Partitioner<T>
{
    public override string Name => "BROADCAST";

    public override RecordWriter CreateWriter(WriterContext context) => new BroadcastWriter<T>(context).Untyped;
}

internal sealed class HashPartitioner<T, TKey>(Func<T, TKey> keySelector) : Partitioner<T>
    where TKey : notnull
{
    public override string Name => "HASH";

    public override RecordWriter CreateWriter(WriterContext context) =>
        context.TargetParallelism == 1 ? new SingleWriter<T>(context).Untyped
        : new HashWriter<T, TKey>(context, keySelector, TypeSerializers.For<TKey>()).Untyped;
}
