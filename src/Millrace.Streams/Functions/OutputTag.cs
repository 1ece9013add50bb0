namespace Millrace.Streams;

/// <summary>Names a side output. Two tags are the same output when name and type are equal.</summary>
public abstract class OutputTag
{
    private protected OutputTag(string id)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        Id = id;
    }

    /// <summary>The name of the output, unique within the operator.</summary>
    public string Id { get; }
}

/// <summary>Names a side output of elements of type <typeparamref name="T"/>.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
/// <param name="id">The name of the output, unique within the operator.</param>
public sealed class OutputTag<T>(string id) : OutputTag(id), IEquatable<OutputTag<T>>
{
    /// <inheritdoc/>
    public bool Equals(OutputTag<T>? other) => other is not null && string.Equals(other.Id, Id, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as OutputTag<T>);

    /// <inheritdoc/>
    public override int GetHashCode() => string.GetHashCode(Id, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => $"OutputTag({Id})";
}
