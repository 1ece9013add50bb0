namespace Millrace.Streams;

/// <summary>One value per key.</summary>
/// <remarks>A value that was changed in place must be given to <see cref="Update"/>, or the next checkpoint does not see the change.</remarks>
/// <typeparam name="T">The type of the value.</typeparam>
public interface IValueState<T>
{
    /// <summary>The value of the current key, or the type's default when there is none.</summary>
    T? Value { get; }

    /// <summary>Reads the value of the current key and tells whether there is one.</summary>
    bool TryGet([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value);

    /// <summary>Sets the value of the current key.</summary>
    void Update(T value);

    /// <summary>Forgets the value of the current key.</summary>
    void Clear();
}

/// <summary>A list per key.</summary>
/// <typeparam name="T">The type of the items.</typeparam>
public interface IListState<T>
{
    /// <summary>The items of the current key, oldest first; empty when there are none. Do not keep the list beyond the call.</summary>
    IReadOnlyList<T> Get();

    /// <summary>Appends an item.</summary>
    void Add(T value);

    /// <summary>Appends items.</summary>
    void AddRange(IEnumerable<T> values);

    /// <summary>Replaces all items.</summary>
    void Update(IEnumerable<T> values);

    /// <summary>Forgets the list of the current key.</summary>
    void Clear();
}

/// <summary>A map per key. A checkpoint stores only the entries that changed.</summary>
/// <typeparam name="TMapKey">The type of the map's keys.</typeparam>
/// <typeparam name="TMapValue">The type of the map's values.</typeparam>
public interface IMapState<TMapKey, TMapValue>
    where TMapKey : notnull
{
    /// <summary>How many entries the current key's map has.</summary>
    int Count { get; }

    /// <summary>The entries of the current key's map. Do not change the map while you enumerate.</summary>
    IEnumerable<KeyValuePair<TMapKey, TMapValue>> Entries { get; }

    /// <summary>Reads an entry.</summary>
    bool TryGet(TMapKey key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out TMapValue value);

    /// <summary>Whether there is an entry.</summary>
    bool Contains(TMapKey key);

    /// <summary>Sets an entry.</summary>
    void Put(TMapKey key, TMapValue value);

    /// <summary>Removes an entry and tells whether there was one.</summary>
    bool Remove(TMapKey key);

    /// <summary>Forgets the map of the current key.</summary>
    void Clear();
}

/// <summary>One value per key: all that was added, reduced.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
public interface IReducingState<T>
{
    /// <summary>The reduced value of the current key, or the type's default when nothing was added.</summary>
    T? Get();

    /// <summary>Adds a value.</summary>
    void Add(T value);

    /// <summary>Forgets the value of the current key.</summary>
    void Clear();
}

/// <summary>One accumulator per key: all that was added, aggregated.</summary>
/// <typeparam name="TIn">The type of what is added.</typeparam>
/// <typeparam name="TResult">The type of the result.</typeparam>
public interface IAggregatingState<in TIn, out TResult>
{
    /// <summary>The result for the current key, or the type's default when nothing was added.</summary>
    TResult? Get();

    /// <summary>Adds a value.</summary>
    void Add(TIn value);

    /// <summary>Forgets the accumulator of the current key.</summary>
    void Clear();
}
