using System.Collections.Generic;

namespace Millrace.Streams.Serialization;

/// <summary>The binary forms of the primitives. They are part of the checkpoint format: never change one, add another with a new id.</summary>
internal static class PrimitiveSerializers
{
    private delegate T ReadValue<T>(ref StateReader reader);

    public static IEnumerable<KeyValuePair<Type, object>> All { get; } =
    [
        Make<bool>("bool", static (w, v) => w.WriteByte(v ? (byte)1 : (byte)0), static (ref r) => r.ReadByte() != 0),
        Make<byte>("u8", static (w, v) => w.WriteByte(v), static (ref r) => r.ReadByte()),
        Make<short>("i16", static (w, v) => w.WriteInt32(v), static (ref r) => (short)r.ReadInt32()),
        Make<int>("i32", static (w, v) => w.WriteInt32(v), static (ref r) => r.ReadInt32()),
        Make<uint>("u32", static (w, v) => w.WriteInt32((int)v), static (ref r) => (uint)r.ReadInt32()),
        Make<long>("i64", static (w, v) => w.WriteInt64(v), static (ref r) => r.ReadInt64()),
        Make<ulong>("u64", static (w, v) => w.WriteInt64((long)v), static (ref r) => (ulong)r.ReadInt64()),
        Make<float>("f32", static (w, v) => w.WriteInt32(BitConverter.SingleToInt32Bits(v)), static (ref r) => BitConverter.Int32BitsToSingle(r.ReadInt32())),
        Make<double>("f64", static (w, v) => w.WriteInt64(BitConverter.DoubleToInt64Bits(v)), static (ref r) => BitConverter.Int64BitsToDouble(r.ReadInt64())),
        Make<char>("char", static (w, v) => w.WriteInt32(v), static (ref r) => (char)r.ReadInt32()),
        Make<string>("string", static (w, v) => w.WriteString(v), static (ref r) => r.ReadString()),
        Make<byte[]>("bytes", static (w, v) => w.WriteBytes(v), static (ref r) => r.ReadBytes().ToArray()),
        Make<decimal>("decimal", WriteDecimal, ReadDecimal),
        Make<Guid>("guid", static (w, v) => { v.TryWriteBytes(w.GetSpan(16)); w.Advance(16); }, static (ref r) => new Guid(r.ReadRaw(16))),
        Make<DateTime>("datetime", static (w, v) => w.WriteInt64(v.ToBinary()), static (ref r) => DateTime.FromBinary(r.ReadInt64())),
        Make<DateTimeOffset>(
            "datetimeoffset",
            static (w, v) => { w.WriteInt64(v.Ticks); w.WriteInt64(v.Offset.Ticks); },
            static (ref r) => new DateTimeOffset(r.ReadInt64(), new TimeSpan(r.ReadInt64()))),
        Make<DateOnly>("date", static (w, v) => w.WriteInt32(v.DayNumber), static (ref r) => DateOnly.FromDayNumber(r.ReadInt32())),
        Make<TimeSpan>("timespan", static (w, v) => w.WriteInt64(v.Ticks), static (ref r) => new TimeSpan(r.ReadInt64())),
        Make<TimeWindow>(
            "window", static (w, v) => { w.WriteInt64(v.Start); w.WriteInt64(v.End); }, static (ref r) => new TimeWindow(r.ReadInt64(), r.ReadInt64())),
        Make<VoidNamespace>("void", static (_, _) => { }, static (ref _) => default),
    ];

    private static KeyValuePair<Type, object> Make<T>(string id, Action<StateWriter, T> write, ReadValue<T> read) =>
        new(typeof(T), new Primitive<T>(id, write, read));

    // 1.0m and 1.00m are equal but have other bits; as a key they must have the same bytes, so the scale is normalised away.
    private static void WriteDecimal(StateWriter writer, decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value / 1.0000000000000000000000000000m, bits);
        foreach (var part in bits)
        {
            writer.WriteInt32(part);
        }
    }

    private static decimal ReadDecimal(ref StateReader reader) =>
        new([reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32()]);

    private sealed class Primitive<T>(string id, Action<StateWriter, T> write, ReadValue<T> read) : ITypeSerializer<T>
    {
        public string Id => id;

        public void Write(StateWriter writer, T value) => write(writer, value);

        public T Read(ref StateReader reader) => read(ref reader);
    }
}

/// <summary>The namespace of states that have none.</summary>
internal readonly record struct VoidNamespace;
