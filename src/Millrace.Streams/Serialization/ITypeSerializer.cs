namespace Millrace.Streams.Serialization;

/// <summary>Writes and reads values of a type in checkpoints, and keys for hashing: equal keys must give equal bytes, in every process and for ever.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
public interface ITypeSerializer<T>
{
    /// <summary>Names the format. A checkpoint keeps it, and a job that uses another one is refused instead of reading garbage.</summary>
    string Id { get; }

    /// <summary>Appends a value.</summary>
    void Write(StateWriter writer, T value);

    /// <summary>Reads a value that <see cref="Write"/> wrote.</summary>
    T Read(ref StateReader reader);
}
