using Millrace.Protocol;

namespace Millrace.Broker.Network;

/// <summary>Every API that the broker answers, by key. ApiVersions advertises exactly this table.</summary>
internal sealed class HandlerTable
{
    private readonly IRequestHandler?[] _byKey = new IRequestHandler?[(int)Enum.GetValues<ApiKey>().Max() + 1];

    public IEnumerable<IRequestHandler> All => _byKey.OfType<IRequestHandler>();

    public IRequestHandler? this[ApiKey key] => (uint)key < (uint)_byKey.Length ? _byKey[(int)key] : null;

    /// <summary>Adds a handler.</summary>
    /// <exception cref="ArgumentException">The API has a handler.</exception>
    public HandlerTable Add(IRequestHandler handler)
    {
        ref var slot = ref _byKey[(int)handler.ApiKey];
        if (slot is not null) throw new ArgumentException($"{handler.ApiKey} has a handler: {slot.GetType().Name}", nameof(handler));
        slot = handler;
        return this;
    }

    public HandlerTable AddRange(IEnumerable<IRequestHandler> handlers)
    {
        foreach (var handler in handlers) Add(handler);
        return this;
    }
}
