namespace Millrace.Streams;

/// <summary>A job that a host can run by its name: <c>millrace streams</c> finds the implementations in an assembly.</summary>
/// <remarks>Implementations are public, sealed and have a constructor without parameters.</remarks>
public interface IStreamJob
{
    /// <summary>The job's name: lower case, words joined by hyphens. Checkpoints and transactional ids are named after it, so it never changes.</summary>
    string Name { get; }

    /// <summary>Builds the job: sources, operators and sinks. The host starts it, and has set checkpointing and parallelism before.</summary>
    /// <param name="env">The environment to build in.</param>
    /// <param name="settings">What the host knows: <c>bootstrap.servers</c>, and whatever the user has set.</param>
    void Build(StreamExecutionEnvironment env, IReadOnlyDictionary<string, string> settings);
}
