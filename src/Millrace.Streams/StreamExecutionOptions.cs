using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Streams.Monitoring;

namespace Millrace.Streams;

/// <summary>What a host gives to the jobs that run in it.</summary>
public sealed record StreamExecutionOptions
{
    /// <summary>Makes the job's loggers.</summary>
    /// <value>No logging by default.</value>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock of processing time, timers, checkpoints and back-off.</summary>
    /// <value>The system's clock by default.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where started jobs are listed for monitoring (<see cref="FlinkMonitoring"/>).</summary>
    /// <value>None by default.</value>
    public JobRegistry? Registry { get; init; }
}
