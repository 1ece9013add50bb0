using Millrace.Streams.Serialization;

namespace Millrace.Streams;

/// <summary>Names a state of an operator. The name is how a checkpoint finds the state again: keep it.</summary>
public abstract class StateDescriptor
{
    private protected StateDescriptor(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (name.StartsWith("__", StringComparison.Ordinal))
        {
            throw new ArgumentException($"State name '{name}': names that begin with '__' are the runtime's own.", nameof(name));
        }

        Name = name;
    }

    /// <summary>The name, unique within the operator.</summary>
    public string Name { get; }
}

/// <summary>Describes an <see cref="IValueState{T}"/>.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <param name="name">The name of the state.</param>
/// <param name="serializer">How a checkpoint stores a value; by default what <see cref="TypeSerializers.For{T}"/> chooses.</param>
public sealed class ValueStateDescriptor<T>(string name, ITypeSerializer<T>? serializer = null) : StateDescriptor(name)
{
    /// <summary>How a checkpoint stores a value.</summary>
    public ITypeSerializer<T> Serializer { get; } = serializer ?? TypeSerializers.For<T>();
}

/// <summary>Describes an <see cref="IListState{T}"/>.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
/// <param name="name">The name of the state.</param>
/// <param name="serializer">How a checkpoint stores an item.</param>
public sealed class ListStateDescriptor<T>(string name, ITypeSerializer<T>? serializer = null) : StateDescriptor(name)
{
    /// <summary>How a checkpoint stores an item.</summary>
    public ITypeSerializer<T> Serializer { get; } = serializer ?? TypeSerializers.For<T>();
}

/// <summary>Describes an <see cref="IMapState{TMapKey, TMapValue}"/>.</summary>
/// <typeparam name="TMapKey">The type of the map's keys.</typeparam>
/// <typeparam name="TMapValue">The type of the map's values.</typeparam>
/// <param name="name">The name of the state.</param>
/// <param name="keySerializer">How a checkpoint stores a map key.</param>
/// <param name="valueSerializer">How a checkpoint stores a map value.</param>
public sealed class MapStateDescriptor<TMapKey, TMapValue>(
    string name, ITypeSerializer<TMapKey>? keySerializer = null, ITypeSerializer<TMapValue>? valueSerializer = null) : StateDescriptor(name)
    where TMapKey : notnull
{
    /// <summary>How a checkpoint stores a map key.</summary>
    public ITypeSerializer<TMapKey> KeySerializer { get; } = keySerializer ?? TypeSerializers.For<TMapKey>();

    /// <summary>How a checkpoint stores a map value.</summary>
    public ITypeSerializer<TMapValue> ValueSerializer { get; } = valueSerializer ?? TypeSerializers.For<TMapValue>();
}

/// <summary>Describes an <see cref="IReducingState{T}"/>.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <param name="name">The name of the state.</param>
/// <param name="reduce">Combines two values into one; must be associative.</param>
/// <param name="serializer">How a checkpoint stores a value.</param>
public sealed class ReducingStateDescriptor<T>(string name, Func<T, T, T> reduce, ITypeSerializer<T>? serializer = null) : StateDescriptor(name)
{
    /// <summary>Combines two values into one.</summary>
    public Func<T, T, T> Reduce { get; } = reduce;

    /// <summary>How a checkpoint stores a value.</summary>
    public ITypeSerializer<T> Serializer { get; } = serializer ?? TypeSerializers.For<T>();
}

/// <summary>Describes an <see cref="IAggregatingState{TIn, TResult}"/>.</summary>
/// <typeparam name="TIn">The type of what is added.</typeparam>
/// <typeparam name="TAccumulator">The type of the accumulator.</typeparam>
/// <typeparam name="TResult">The type of the result.</typeparam>
/// <param name="name">The name of the state.</param>
/// <param name="aggregate">How values are aggregated.</param>
/// <param name="serializer">How a checkpoint stores an accumulator.</param>
public sealed class AggregatingStateDescriptor<TIn, TAccumulator, TResult>(
    string name, IAggregateFunction<TIn, TAccumulator, TResult> aggregate, ITypeSerializer<TAccumulator>? serializer = null) : StateDescriptor(name)
{
    /// <summary>How values are aggregated.</summary>
    public IAggregateFunction<TIn, TAccumulator, TResult> Aggregate { get; } = aggregate;

    /// <summary>How a checkpoint stores an accumulator.</summary>
    public ITypeSerializer<TAccumulator> Serializer { get; } = serializer ?? TypeSerializers.For<TAccumulator>();
}
