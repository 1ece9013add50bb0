using System.Threading.Tasks.Sources;

namespace Millrace.Broker.Log.Appending;

/// <summary>Something that only the log's owner may do. Forms a stack through <see cref="Next"/>, so that waiting costs no further memory.</summary>
internal abstract class PendingWork
{
    public PendingWork? Next { get; set; }
}

/// <summary>An append that waits for its turn, and the task that its caller awaits.</summary>
internal sealed class PendingAppend(PreparedAppend prepared, AppendOrigin origin, AppendOptions options) : PendingWork, IValueTaskSource<AppendResult>
{
    // The owner completes many appends of others after one write: their continuations must not run on its thread.
    private ManualResetValueTaskSourceCore<AppendResult> _completion = new() { RunContinuationsAsynchronously = true };

    public PreparedAppend Prepared { get; } = prepared;

    public AppendOrigin Origin { get; } = origin;

    public AppendOptions Options { get; } = options;

    public AppendResult Planned { get; set; }

    public ValueTask<AppendResult> Task => new(this, _completion.Version);

    public void Complete(in AppendResult result) => _completion.SetResult(result);

    public AppendResult GetResult(short token) => _completion.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _completion.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _completion.OnCompleted(continuation, state, token, flags);
}

/// <summary>Maintenance that runs between appends.</summary>
internal abstract class PendingAction : PendingWork
{
    public abstract void Run();
}

/// <summary>Maintenance with a result.</summary>
internal sealed class PendingAction<T>(Func<T> action) : PendingAction
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _completion.Task;

    public override void Run()
    {
        try
        {
            _completion.SetResult(action());
        }
        catch (Exception e)
        {
            _completion.SetException(e);
        }
    }
}
