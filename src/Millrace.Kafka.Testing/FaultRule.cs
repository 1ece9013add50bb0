using Millrace.Protocol;

namespace Millrace.Kafka.Testing;

/// <summary>Which requests a fault is for: all of the API's unless narrowed down. One of the outcomes ends the rule and puts it into force, once unless <see cref="Times"/> says otherwise.</summary>
public sealed class FaultRule
{
    private readonly FaultScript _script;
    private readonly ApiKey? _api;
    private string? _client;
    private int? _broker;
    private int _after;
    private int _times = 1;
    private double _probability = 1;

    internal FaultRule(FaultScript script, ApiKey? api)
    {
        _script = script;
        _api = api;
    }

    /// <summary>Only requests of one client.</summary>
    /// <param name="clientId">Its <c>client.id</c>.</param>
    /// <returns>This rule.</returns>
    public FaultRule FromClient(string clientId)
    {
        _client = clientId;
        return this;
    }

    /// <summary>Only requests to one broker.</summary>
    /// <param name="id">The broker's id.</param>
    /// <returns>This rule.</returns>
    public FaultRule AtBroker(int id)
    {
        _broker = id;
        return this;
    }

    /// <summary>Lets the first ones pass.</summary>
    /// <param name="requests">How many.</param>
    /// <returns>This rule.</returns>
    public FaultRule After(int requests)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(requests);
        _after = requests;
        return this;
    }

    /// <summary>Strikes more than once.</summary>
    /// <param name="requests">How often.</param>
    /// <returns>This rule.</returns>
    public FaultRule Times(int requests)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(requests);
        _times = requests;
        return this;
    }

    /// <summary>Strikes until it is removed.</summary>
    /// <returns>This rule.</returns>
    public FaultRule Always() => Times(int.MaxValue);

    /// <summary>Strikes only some of the requests, chosen by <see cref="EmbeddedKafkaOptions.Seed"/>.</summary>
    /// <param name="probability">From 0 (never) to 1 (each).</param>
    /// <returns>This rule.</returns>
    public FaultRule WithProbability(double probability)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(probability);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(probability, 1);
        _probability = probability;
        return this;
    }

    /// <summary>The request is served late.</summary>
    /// <param name="delay">How late, by the cluster's clock.</param>
    /// <returns>The fault.</returns>
    public Fault Delay(TimeSpan delay) => End(new FaultOutcome(FaultKind.Delay, Time: delay), $"delayed by {delay}");

    /// <summary>The request is refused and nothing of it is done.</summary>
    /// <param name="error">What the client is told, for each thing that it asked for. An API that has no place for an error closes the connection.</param>
    /// <returns>The fault.</returns>
    public Fault Fail(ErrorCode error) => End(new FaultOutcome(FaultKind.Fail, Error: error), $"refused with {error}");

    /// <summary>The request is served, and the client is told that it failed.</summary>
    /// <param name="error">What the client is told.</param>
    /// <returns>The fault.</returns>
    public Fault FailAfterApplying(ErrorCode error) => End(new FaultOutcome(FaultKind.Fail, Error: error, Applies: true), $"served and answered with {error}");

    /// <summary>The connection breaks before anything is done.</summary>
    /// <returns>The fault.</returns>
    public Fault Drop() => End(new FaultOutcome(FaultKind.Drop), "dropped");

    /// <summary>The connection breaks after the request was served: the client cannot know that it was.</summary>
    /// <returns>The fault.</returns>
    public Fault DropAfterApplying() => End(new FaultOutcome(FaultKind.Drop, Applies: true), "served, and the answer dropped");

    /// <summary>The request is served, and the connection breaks in the middle of the response.</summary>
    /// <param name="bytes">How many bytes of it are sent.</param>
    /// <returns>The fault.</returns>
    public Fault Truncate(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return End(new FaultOutcome(FaultKind.Drop, Bytes: bytes, Applies: true), $"served, and the answer cut after {bytes} bytes");
    }

    /// <summary>The request is served, and the client is asked to wait before its next one, as a quota would.</summary>
    /// <param name="time">How long.</param>
    /// <returns>The fault.</returns>
    public Fault Throttle(TimeSpan time) => End(new FaultOutcome(FaultKind.Throttle, Time: time), $"throttled for {time}");

    private Fault End(FaultOutcome outcome, string description) =>
        _script.Add(new Fault(_script, new FaultFilter(_api, _broker, _client, _after, _times, _probability), outcome, description));
}
