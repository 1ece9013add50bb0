using Millrace.Protocol;

namespace Millrace.Kafka.Testing;

/// <summary>
/// What goes wrong, and when: <c>kafka.Faults.On(ApiKey.Produce).AtBroker(2).After(3).Times(2).Fail(ErrorCode.NotLeaderOrFollower)</c>. For each request the first rule that
/// fits and is not used up is applied; without one the request is served.
/// </summary>
public sealed class FaultScript
{
    private readonly Lock _lock = new();
    private readonly List<Fault> _faults = [];
    private readonly Random _random;

    internal FaultScript(int seed) => _random = new Random(seed);

    /// <summary>Begins a rule for one API.</summary>
    /// <param name="api">The API.</param>
    /// <returns>The rule; it counts once one of its outcomes is named.</returns>
    public FaultRule On(ApiKey api) => new(this, api);

    /// <summary>Begins a rule for every API.</summary>
    /// <returns>The rule; it counts once one of its outcomes is named.</returns>
    public FaultRule OnAny() => new(this, null);

    /// <summary>Removes all rules.</summary>
    public void Clear()
    {
        lock (_lock) _faults.Clear();
    }

    internal Fault Add(Fault fault)
    {
        lock (_lock) _faults.Add(fault);
        return fault;
    }

    internal void Remove(Fault fault)
    {
        lock (_lock) _faults.Remove(fault);
    }

    internal Fault? Take(ApiKey api, int broker, string client)
    {
        lock (_lock) return _faults.Find(f => f.Takes(api, broker, client, _random));
    }
}
