using System.Buffers;

namespace Millrace.Schemas.Serialization;

/// <summary>What a serializer may want to know about the record it works for.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="IsKey">True for the key, false for the value.</param>
public readonly record struct SerdeContext(string Topic, bool IsKey)
{
    /// <summary>The registry's subject by the topic name strategy: <c>topic-key</c> or <c>topic-value</c>.</summary>
    public string Subject => Topic + (IsKey ? "-key" : "-value");
}

/// <summary>Writes and reads values of one type. Implementations are thread-safe and hold no state of a record.</summary>
/// <typeparam name="T">The type; nullable where a record's null means something.</typeparam>
public interface ISerde<T>
{
    /// <summary>Writes a value.</summary>
    /// <param name="value">The value, not null: a null key or value is Kafka's own null and never comes here.</param>
    /// <param name="output">Where to write.</param>
    /// <param name="context">What it is for.</param>
    void Serialize(T value, IBufferWriter<byte> output, SerdeContext context);

    /// <summary>Reads a value.</summary>
    /// <param name="data">All bytes of the key or value.</param>
    /// <param name="context">What it is for.</param>
    /// <exception cref="SerdeException">The bytes are not such a value: a poison pill, that no retry will cure.</exception>
    T Deserialize(ReadOnlySpan<byte> data, SerdeContext context);
}

/// <summary>Bytes that cannot be read, or a value that cannot be written.</summary>
public sealed class SerdeException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, and what to do.</param>
    /// <param name="inner">The cause.</param>
    public SerdeException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
