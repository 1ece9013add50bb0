using Millrace.Console.Backends.ClickHouse;
using Millrace.Console.Backends.Connect;
using Millrace.Console.Backends.Kafka;
using Millrace.Console.Backends.Streams;
using Millrace.Console.Rules;

namespace Millrace.Console.Sampling;

/// <summary>What the console knows at this moment. Written by the samplers, read by pages, which are told when something changed.</summary>
internal sealed class LiveState(ConsoleOptions options)
{
    private SourceState<KafkaSnapshot> _kafka = SourceState<KafkaSnapshot>.Initial(true);
    private SourceState<IReadOnlyList<Connector>> _connectors = SourceState<IReadOnlyList<Connector>>.Initial(!string.IsNullOrEmpty(options.ConnectUrl));
    private SourceState<IReadOnlyList<Job>> _jobs = SourceState<IReadOnlyList<Job>>.Initial(!string.IsNullOrEmpty(options.StreamsUrl));
    private SourceState<IReadOnlyList<StoredTable>> _tables = SourceState<IReadOnlyList<StoredTable>>.Initial(!string.IsNullOrEmpty(options.ClickHouseUrl));
    private IReadOnlyList<Finding> _findings = [];

    /// <summary>Raised after something changed; on the sampler's thread.</summary>
    public event EventHandler? Changed;

    public SourceState<KafkaSnapshot> Kafka
    {
        get => Volatile.Read(ref _kafka);
        set => Volatile.Write(ref _kafka, value);
    }

    public SourceState<IReadOnlyList<Connector>> Connectors
    {
        get => Volatile.Read(ref _connectors);
        set => Volatile.Write(ref _connectors, value);
    }

    public SourceState<IReadOnlyList<Job>> Jobs
    {
        get => Volatile.Read(ref _jobs);
        set => Volatile.Write(ref _jobs, value);
    }

    public SourceState<IReadOnlyList<StoredTable>> Tables
    {
        get => Volatile.Read(ref _tables);
        set => Volatile.Write(ref _tables, value);
    }

    /// <summary>What is wrong now, the worst first.</summary>
    public IReadOnlyList<Finding> Findings
    {
        get => Volatile.Read(ref _findings);
        set => Volatile.Write(ref _findings, value);
    }

    public MetricStore Metrics { get; } = new(options.SamplesKept);

    public void NotifyChanged() => Changed?.Invoke(this, EventArgs.Empty);
}
