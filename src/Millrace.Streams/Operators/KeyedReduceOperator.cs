using Millrace.Streams.Serialization;
using Millrace.Streams.State;

namespace Millrace.Streams.Operators;

internal sealed class KeyedReduceOperator<TKey, T>(Func<T, TKey> keySelector, Func<T, T, T> reduce) : KeyedOperator<TKey, VoidNamespace, T>, IInput<T>
    where TKey : notnull
{
    private StateTable<TKey, VoidNamespace, T> _values = null!;

    public override IInput<TInput> GetInput<TInput>(int index) => (IInput<TInput>)(object)this;

    public void Process(T value, long timestamp)
    {
        var key = keySelector(value);
        ref var reduced = ref _values.Upsert(key, default, out var exists);
        reduced = exists ? reduce(reduced, value) : value;
        Out.Emit(reduced, timestamp);
    }

    protected override void OpenStates() => _values = Backend.Table("__reduce", TypeSerializers.For<VoidNamespace>(), TypeSerializers.For<T>());

    protected override void OnEventTimer(long time, TKey key, VoidNamespace ns)
    {
    }

    protected override void OnProcessingTimer(long time, TKey key, VoidNamespace ns)
    {
    }
}
