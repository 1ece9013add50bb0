using System.Collections.Concurrent;
using System.Text.Json;

namespace Millrace.Streams.Serialization;

/// <summary>Finds the serialiser of a type: your own if registered, a compact binary one for primitives and what is made of them, else System.Text.Json.</summary>
public static class TypeSerializers
{
    private static readonly ConcurrentDictionary<Type, object> s_byType = new(PrimitiveSerializers.All);

    /// <summary>Uses a serialiser for all states and keys of a type from now on. Call it before jobs are defined.</summary>
    public static void Register<T>(ITypeSerializer<T> serializer) => s_byType[typeof(T)] = serializer;

    /// <summary>The serialiser of a type.</summary>
    public static ITypeSerializer<T> For<T>() => (ITypeSerializer<T>)s_byType.GetOrAdd(typeof(T), static type => Create(type));

    /// <summary>A serialiser that stores values as JSON. Members can be added and removed later, as JSON allows.</summary>
    public static ITypeSerializer<T> Json<T>(JsonSerializerOptions? options = null) => new JsonTypeSerializer<T>(options ?? JsonSerializerOptions.Default);

    private static object Create(Type type) => CompositeSerializers.TryCreate(type, Get)
        ?? Activator.CreateInstance(typeof(JsonTypeSerializer<>).MakeGenericType(type), JsonSerializerOptions.Default)!;

    private static object Get(Type type) => s_byType.GetOrAdd(type, static t => Create(t));
}
