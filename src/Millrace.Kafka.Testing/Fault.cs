using Millrace.Protocol;

namespace Millrace.Kafka.Testing;

/// <summary>A fault in force.</summary>
public sealed class Fault
{
    private readonly FaultScript _script;
    private readonly FaultFilter _filter;
    private int _seen;
    private int _hits;

    internal Fault(FaultScript script, FaultFilter filter, FaultOutcome outcome, string description)
    {
        _script = script;
        _filter = filter;
        Outcome = outcome;
        Description = description;
    }

    /// <summary>Gets what it does, in words.</summary>
    public string Description { get; }

    /// <summary>Gets how many requests it has struck.</summary>
    public int Hits => Volatile.Read(ref _hits);

    internal FaultOutcome Outcome { get; }

    /// <summary>Ends it.</summary>
    public void Remove() => _script.Remove(this);

    /// <summary>Counts a request, and says whether it is struck. Called by one request at a time.</summary>
    internal bool Takes(ApiKey api, int broker, string client, Random random)
    {
        if (_hits >= _filter.Times || !_filter.Fits(api, broker, client) || _seen++ < _filter.After) return false;
        if (_filter.Probability < 1 && random.NextDouble() >= _filter.Probability) return false;
        Volatile.Write(ref _hits, _hits + 1);
        return true;
    }
}

/// <summary>Which requests a fault strikes.</summary>
internal sealed record FaultFilter(ApiKey? Api, int? Broker, string? Client, int After, int Times, double Probability)
{
    public bool Fits(ApiKey api, int broker, string client) =>
        (Api is null || Api == api) && (Broker is null || Broker == broker) && (Client is null || Client == client);
}

/// <summary>What it does to them.</summary>
internal sealed record FaultOutcome(FaultKind Kind, TimeSpan Time = default, ErrorCode Error = ErrorCode.None, int Bytes = 0, bool Applies = false);

/// <summary>The kinds of faults.</summary>
internal enum FaultKind
{
    Delay,
    Fail,
    Drop,
    Throttle,
}
