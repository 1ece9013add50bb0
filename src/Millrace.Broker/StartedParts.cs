namespace Millrace.Broker;

/// <summary>What a start has taken so far, so that a start that fails gives it back in reverse order.</summary>
internal sealed class StartedParts : IAsyncDisposable
{
    private readonly Stack<object> _parts = new();

    public T Add<T>(T part)
        where T : notnull
    {
        _parts.Push(part);
        return part;
    }

    /// <summary>The start succeeded: the parts belong to the server now.</summary>
    public void Release() => _parts.Clear();

    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out object? part))
        {
            if (part is IAsyncDisposable async) await async.DisposeAsync();
            else (part as IDisposable)?.Dispose();
        }
    }
}
