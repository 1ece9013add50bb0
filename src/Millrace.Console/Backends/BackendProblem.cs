namespace Millrace.Console.Backends;

/// <summary>Why a system does not answer, in words for the person in front of the page.</summary>
/// <param name="System">Name of the system, such as "Kafka".</param>
/// <param name="Address">Where it was looked for.</param>
/// <param name="What">What happened.</param>
/// <param name="Advice">What to do about it.</param>
internal sealed record BackendProblem(string System, string Address, string What, string Advice);

/// <summary>A system does not answer, or refuses; carries the words for the page.</summary>
internal sealed class BackendException(BackendProblem problem, Exception? inner = null) : Exception($"{problem.System} at {problem.Address}: {problem.What}", inner)
{
    public BackendProblem Problem { get; } = problem;
}
