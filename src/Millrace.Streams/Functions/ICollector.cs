namespace Millrace.Streams;

/// <summary>Takes the results of a function. A result carries the timestamp of the element or timer that produced it.</summary>
/// <typeparam name="T">The type of the results.</typeparam>
public interface ICollector<in T>
{
    /// <summary>Emits one result downstream.</summary>
    /// <param name="value">The result. It is passed by reference and may be seen by several operators: do not change it afterwards.</param>
    void Collect(T value);
}
