using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Millrace.Kafka.Hosting;

/// <summary>Unhealthy when a consumer has ended or a record is stuck, degraded when one is far behind or has errors.</summary>
/// <param name="consumers">The consumers of this process.</param>
/// <param name="time">The clock.</param>
public sealed class KafkaHealthCheck(IEnumerable<ConsumerStatus> consumers, TimeProvider time) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var worst = HealthStatus.Healthy;
        var messages = new List<string>();
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var consumer in consumers)
        {
            var lag = consumer.Lag.Values.Sum();
            data[$"{consumer.GroupId}.lag"] = lag;
            data[$"{consumer.GroupId}.finished"] = consumer.Finished;
            data[$"{consumer.GroupId}.deadLettered"] = consumer.DeadLettered;
            if (!consumer.IsRunning)
                Add(HealthStatus.Unhealthy, $"{consumer.GroupId} is not running{(consumer.Error is { } end ? $": {end}" : "")}.");
            else if (consumer.Handling(time) is { } handling && handling > consumer.Options.StuckAfter)
                Add(HealthStatus.Unhealthy, $"{consumer.GroupId} has been handling one record for {handling:c}.");
            else if (lag > consumer.Options.LagWarning)
                Add(HealthStatus.Degraded, $"{consumer.GroupId} is {lag} records behind.");
            else if (consumer.Error is { } error)
                Add(HealthStatus.Degraded, $"{consumer.GroupId}: {error}");
        }

        return Task.FromResult(new HealthCheckResult(worst, messages.Count == 0 ? null : string.Join(' ', messages), data: data));

        void Add(HealthStatus status, string message)
        {
            worst = status < worst ? status : worst;
            messages.Add(message);
        }
    }
}
