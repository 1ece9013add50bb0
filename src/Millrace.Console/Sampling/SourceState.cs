using Millrace.Console.Backends;

namespace Millrace.Console.Sampling;

/// <summary>What is known of one system: the latest answer, and why there is none just now.</summary>
/// <param name="Configured">Whether an address is set at all.</param>
/// <param name="Value">The latest answer, kept while the system is away so that pages do not go blank.</param>
/// <param name="Problem">Why the last question was not answered.</param>
/// <param name="At">When the latest answer came.</param>
internal sealed record SourceState<T>(bool Configured, T? Value, BackendProblem? Problem, DateTimeOffset? At)
    where T : class
{
    public bool IsLoading => Configured && Value is null && Problem is null;

    public static SourceState<T> Initial(bool configured) => new(configured, null, null, null);
}
