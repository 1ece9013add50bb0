using System.Buffers.Binary;
using Millrace.Protocol;

namespace Millrace.Broker.Coordination;

/// <summary>Keys and values of internal topics: a version as int16, then the message in that version.</summary>
internal static class VersionedRecords
{
    public static byte[] Encode(IKafkaMessage message, short version)
    {
        var writer = new KafkaWriter(64);
        try
        {
            writer.WriteInt16(version);
            message.Write(ref writer, version);
            using var encoded = writer.Complete();
            return encoded.ToArray();
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>The version of a key or value, which for keys also tells what it is; -1 if there is none.</summary>
    public static short VersionOf(ReadOnlySpan<byte> bytes) => bytes.Length < 2 ? (short)-1 : BinaryPrimitives.ReadInt16BigEndian(bytes);

    /// <summary>Reads a key or value.</summary>
    /// <exception cref="MalformedMessageException">The bytes are not such a record.</exception>
    public static T Decode<T>(byte[] bytes)
        where T : IVersionedMessage, new()
    {
        var version = VersionOf(bytes);
        if (version < T.LowestVersion || version > T.HighestVersion)
        {
            throw new MalformedMessageException($"{typeof(T).Name} has version {version}, but only {T.LowestVersion} to {T.HighestVersion} are known.");
        }

        var reader = new KafkaReader(bytes.AsMemory(2));
        var message = new T();
        message.Read(ref reader, version);
        return message;
    }
}
