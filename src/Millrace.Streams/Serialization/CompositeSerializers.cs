using System.Runtime.CompilerServices;

namespace Millrace.Streams.Serialization;

/// <summary>Binary forms of what is made of other types: enums, nullables, arrays, lists, dictionaries, tuples.</summary>
internal static class CompositeSerializers
{
    public static object? TryCreate(Type type, Func<Type, object> get)
    {
        if (type.IsEnum)
        {
            return Make(typeof(EnumSerializer<>), [type]);
        }

        if (type.IsSZArray)
        {
            var item = type.GetElementType()!;
            return Make(typeof(ArraySerializer<>), [item], get(item));
        }

        if (!type.IsGenericType)
        {
            return null;
        }

        var arguments = type.GetGenericArguments();
        var definition = type.GetGenericTypeDefinition();
        var open = definition == typeof(Nullable<>) ? typeof(NullableSerializer<>)
            : definition == typeof(List<>) ? typeof(ListSerializer<>)
            : definition == typeof(Dictionary<,>) ? typeof(DictionarySerializer<,>)
            : definition == typeof(ValueTuple<,>) ? typeof(PairSerializer<,>)
            : definition == typeof(ValueTuple<,,>) ? typeof(TripleSerializer<,,>)
            : null;
        return open is null ? null : Make(open, arguments, Array.ConvertAll(arguments, argument => get(argument)));
    }

    /// <summary>Nested values carry their length, because a JSON value reads to the end of what it is given.</summary>
    internal static void WriteNested<T>(this StateWriter writer, ITypeSerializer<T> serializer, T value)
    {
        if (value is null)
        {
            writer.WriteByte(0);
            return;
        }

        var scratch = Scratch.Rent();
        try
        {
            serializer.Write(scratch, value);
            writer.WriteLength(scratch.Length + 1);
            writer.WriteRaw(scratch.Written);
        }
        finally
        {
            Scratch.Return(scratch);
        }
    }

    internal static T ReadNested<T>(ref this StateReader reader, ITypeSerializer<T> serializer)
    {
        var length = reader.ReadLength();
        if (length == 0)
        {
            return default!;
        }

        var nested = new StateReader(reader.ReadRaw(length - 1));
        return serializer.Read(ref nested);
    }

    private static object Make(Type open, Type[] arguments, params object[] parts) => Activator.CreateInstance(open.MakeGenericType(arguments), parts)!;

    private static class Scratch
    {
        [ThreadStatic]
        private static Stack<StateWriter>? _free;

        public static StateWriter Rent() => (_free ??= new()).TryPop(out var writer) ? writer : new StateWriter();

        public static void Return(StateWriter writer)
        {
            writer.Clear();
            _free!.Push(writer);
        }
    }
}

internal sealed class EnumSerializer<T> : ITypeSerializer<T>
    where T : struct, Enum
{
    private static readonly int s_size = Unsafe.SizeOf<T>();

    public string Id => "enum:" + typeof(T).FullName;

    public void Write(StateWriter writer, T value) => writer.WriteInt64(s_size switch
    {
        1 => Unsafe.BitCast<T, byte>(value),
        2 => Unsafe.BitCast<T, short>(value),
        4 => Unsafe.BitCast<T, int>(value),
        _ => Unsafe.BitCast<T, long>(value),
    });

    public T Read(ref StateReader reader) => (T)Enum.ToObject(typeof(T), reader.ReadInt64());
}

internal sealed class NullableSerializer<T>(ITypeSerializer<T> inner) : ITypeSerializer<T?>
    where T : struct
{
    public string Id => $"nullable<{inner.Id}>";

    public void Write(StateWriter writer, T? value)
    {
        writer.WriteByte(value.HasValue ? (byte)1 : (byte)0);
        if (value.HasValue)
        {
            inner.Write(writer, value.Value);
        }
    }

    public T? Read(ref StateReader reader) => reader.ReadByte() == 0 ? null : inner.Read(ref reader);
}

internal sealed class ArraySerializer<T>(ITypeSerializer<T> item) : ITypeSerializer<T[]>
{
    public string Id => $"array<{item.Id}>";

    public void Write(StateWriter writer, T[] value)
    {
        writer.WriteLength(value.Length);
        foreach (var one in value)
        {
            writer.WriteNested(item, one);
        }
    }

    public T[] Read(ref StateReader reader)
    {
        var list = new List<T>();
        for (var left = reader.ReadLength(); left > 0; left--)
        {
            list.Add(reader.ReadNested(item));
        }

        return [.. list];
    }
}

internal sealed class ListSerializer<T>(ITypeSerializer<T> item) : ITypeSerializer<List<T>>
{
    public string Id => $"list<{item.Id}>";

    public void Write(StateWriter writer, List<T> value)
    {
        writer.WriteLength(value.Count);
        foreach (var one in value)
        {
            writer.WriteNested(item, one);
        }
    }

    public List<T> Read(ref StateReader reader)
    {
        var list = new List<T>();
        for (var left = reader.ReadLength(); left > 0; left--)
        {
            list.Add(reader.ReadNested(item));
        }

        return list;
    }
}

internal sealed class DictionarySerializer<TKey, TValue>(ITypeSerializer<TKey> key, ITypeSerializer<TValue> value) : ITypeSerializer<Dictionary<TKey, TValue>>
    where TKey : notnull
{
    public string Id => $"map<{key.Id},{value.Id}>";

    public void Write(StateWriter writer, Dictionary<TKey, TValue> map)
    {
        writer.WriteLength(map.Count);
        foreach (var (k, v) in map)
        {
            writer.WriteNested(key, k);
            writer.WriteNested(value, v);
        }
    }

    public Dictionary<TKey, TValue> Read(ref StateReader reader)
    {
        var map = new Dictionary<TKey, TValue>();
        for (var left = reader.ReadLength(); left > 0; left--)
        {
            var k = reader.ReadNested(key);
            map[k] = reader.ReadNested(value);
        }

        return map;
    }
}

internal sealed class PairSerializer<T1, T2>(ITypeSerializer<T1> first, ITypeSerializer<T2> second) : ITypeSerializer<(T1, T2)>
{
    public string Id => $"({first.Id},{second.Id})";

    public void Write(StateWriter writer, (T1, T2) value)
    {
        writer.WriteNested(first, value.Item1);
        writer.WriteNested(second, value.Item2);
    }

    public (T1, T2) Read(ref StateReader reader) => (reader.ReadNested(first), reader.ReadNested(second));
}

internal sealed class TripleSerializer<T1, T2, T3>(ITypeSerializer<T1> first, ITypeSerializer<T2> second, ITypeSerializer<T3> third)
    : ITypeSerializer<(T1, T2, T3)>
{
    public string Id => $"({first.Id},{second.Id},{third.Id})";

    public void Write(StateWriter writer, (T1, T2, T3) value)
    {
        writer.WriteNested(first, value.Item1);
        writer.WriteNested(second, value.Item2);
        writer.WriteNested(third, value.Item3);
    }

    public (T1, T2, T3) Read(ref StateReader reader) => (reader.ReadNested(first), reader.ReadNested(second), reader.ReadNested(third));
}
