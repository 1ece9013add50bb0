using System.Collections;
using System.Reflection;
using Millrace.Protocol.Messages;

namespace Millrace.Protocol.Tests.Messages;

/// <summary>Fills any message with seeded random values, by reflection: a new message is covered as soon as it is described.</summary>
internal static class RandomMessage
{
    private static readonly NullabilityInfoContext Nullability = new();

    public static IKafkaMessage Create(MessageInfo info, int seed, bool nulls)
    {
        var message = info.Create();
        Fill(message, new Random(seed), nulls);
        return message;
    }

    public static byte[] Encode(IKafkaMessage message, short version)
    {
        var writer = new KafkaWriter(64);
        try
        {
            message.Write(ref writer, version);
            using var encoded = writer.Complete();
            return encoded.ToArray();
        }
        finally
        {
            writer.Dispose();
        }
    }

    public static (IKafkaMessage Message, int Unread) Decode(MessageInfo info, byte[] bytes, short version)
    {
        var message = info.Create();
        var reader = new KafkaReader(bytes);
        message.Read(ref reader, version);
        return (message, reader.Remaining);
    }

    public static TheoryData<string> AllNames()
    {
        var data = new TheoryData<string>();
        foreach (var info in MessageCatalog.All) data.Add(info.Name);
        return data;
    }

    public static MessageInfo Find(string name) => MessageCatalog.All.Single(m => m.Name == name);

    private static void Fill(object target, Random random, bool nulls)
    {
        foreach (var property in target.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            bool nullable = IsNullable(property);
            property.SetValue(target, nulls && nullable && random.Next(4) == 0 ? null : Value(property.PropertyType, random, nulls));
        }
    }

    private static bool IsNullable(PropertyInfo property)
    {
        lock (Nullability) return Nullability.Create(property).WriteState == NullabilityState.Nullable;
    }

    private static object Value(Type type, Random random, bool nulls)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>))
        {
            var list = (IList)Activator.CreateInstance(type)!;
            for (int count = random.Next(4); count > 0; count--) list.Add(Value(type.GetGenericArguments()[0], random, nulls));
            return list;
        }

        if (type == typeof(bool)) return random.Next(2) == 0;
        if (type == typeof(sbyte)) return (sbyte)random.Next(-128, 128);
        if (type == typeof(short)) return (short)random.Next(short.MinValue, short.MaxValue + 1);
        if (type == typeof(ushort)) return (ushort)random.Next(ushort.MaxValue + 1);
        if (type == typeof(int)) return random.Next(int.MinValue, int.MaxValue);
        if (type == typeof(long)) return random.NextInt64(long.MinValue, long.MaxValue);
        if (type == typeof(double)) return random.NextDouble();
        if (type == typeof(ErrorCode)) return (ErrorCode)random.Next(-1, 134);
        if (type == typeof(string)) return new[] { "", "a", "topic-" + random.Next(100), "é漢字", new string('x', random.Next(200)) }[random.Next(5)];
        if (type == typeof(byte[])) return Bytes(random, 40);
        if (type == typeof(ReadOnlyMemory<byte>)) return new ReadOnlyMemory<byte>(Bytes(random, random.Next(5) == 0 ? 3 * KafkaWriter.ExternalThreshold : 100));
        if (type == typeof(Guid)) return new Guid(Bytes(random, 16, exact: true));
        object nested = Activator.CreateInstance(type)!;
        Fill(nested, random, nulls);
        return nested;
    }

    private static byte[] Bytes(Random random, int limit, bool exact = false)
    {
        byte[] bytes = new byte[exact ? limit : random.Next(limit)];
        random.NextBytes(bytes);
        return bytes;
    }
}
