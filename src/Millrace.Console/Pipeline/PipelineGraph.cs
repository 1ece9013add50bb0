namespace Millrace.Console.Pipeline;

/// <summary>What stands at a place of the pipeline.</summary>
internal enum NodeKind
{
    /// <summary>A database that changes are read from.</summary>
    Source,

    /// <summary>A connector, source or sink.</summary>
    Connector,

    /// <summary>A topic.</summary>
    Topic,

    /// <summary>A streaming job.</summary>
    Job,

    /// <summary>A table or system that results are written to.</summary>
    Store,

    /// <summary>A consumer group that is neither a connector's nor a job's.</summary>
    Consumer,
}

/// <summary>How a place is doing.</summary>
internal enum Health
{
    /// <summary>Works.</summary>
    Good,

    /// <summary>Stands still on purpose, or nothing is known.</summary>
    Idle,

    /// <summary>Look at it.</summary>
    Warning,

    /// <summary>Does not work.</summary>
    Bad,
}

/// <summary>A place in the pipeline.</summary>
// Rate: Records per second through it; null when not known.
// Facts: Short facts: lag, watermark, state.
internal sealed record PipelineNode(string Id, NodeKind Kind, string Name, Health Health, string HealthText, double? Rate, IReadOnlyList<string> Facts, string? Href)
{
    public int Column { get; init; }

    public double Row { get; init; }
}

/// <summary>Records go from one place to another.</summary>
internal sealed record PipelineEdge(string From, string To, double? Rate);

/// <summary>The pipeline, laid out: columns from left to right, rows from the top.</summary>
internal sealed record PipelineGraph(IReadOnlyList<PipelineNode> Nodes, IReadOnlyList<PipelineEdge> Edges, int Columns, int Rows)
{
    public static PipelineGraph Empty { get; } = new([], [], 0, 0);
}
