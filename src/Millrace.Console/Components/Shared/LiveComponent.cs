using Microsoft.AspNetCore.Components;
using Millrace.Console.Sampling;

namespace Millrace.Console.Components.Shared;

/// <summary>A component that draws itself anew whenever the samplers have news.</summary>
public abstract class LiveComponent : ComponentBase, IDisposable
{
    private bool _disposed;

    [Inject]
    private protected LiveState State { get; set; } = default!;

    [Inject]
    private protected TimeProvider Time { get; set; } = default!;

    private protected DateTimeOffset Now => Time.GetUtcNow();

    /// <inheritdoc />
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc />
    protected override void OnInitialized() => State.Changed += OnChanged;

    /// <summary>Stops listening.</summary>
    /// <param name="disposing">Always true.</param>
    protected virtual void Dispose(bool disposing)
    {
        _disposed = true;
        State.Changed -= OnChanged;
    }

    private protected void OnChanged(object? sender, EventArgs e)
    {
        if (!_disposed) _ = InvokeAsync(StateHasChanged);
    }
}
