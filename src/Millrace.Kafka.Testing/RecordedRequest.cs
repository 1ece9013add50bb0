using Millrace.Protocol;

namespace Millrace.Kafka.Testing;

/// <summary>A request that a broker got.</summary>
/// <param name="Api">The API.</param>
/// <param name="Version">The version of the API.</param>
/// <param name="ClientId">The client's <c>client.id</c>.</param>
/// <param name="BrokerId">The broker.</param>
/// <param name="Time">When it came, by the cluster's clock.</param>
/// <param name="Fault">What was done to it; null where it was served.</param>
public sealed record RecordedRequest(ApiKey Api, short Version, string ClientId, int BrokerId, DateTimeOffset Time, string? Fault);
