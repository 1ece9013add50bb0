namespace Millrace.Console;

/// <summary>What the console shows and where it listens. Everything is reached through its standard protocol.</summary>
public sealed class ConsoleOptions
{
    /// <summary>Address to listen on, as <c>host:port</c>; port 0 picks a free one.</summary>
    /// <value>Default <c>127.0.0.1:8080</c>.</value>
    public string Listen { get; set; } = "127.0.0.1:8080";

    /// <summary>Kafka bootstrap servers, as in <c>bootstrap.servers</c>.</summary>
    /// <value>Default <c>127.0.0.1:9092</c>.</value>
    public string Bootstrap { get; set; } = "127.0.0.1:9092";

    /// <summary>Further librdkafka client keys, such as <c>security.protocol</c> or <c>sasl.username</c>.</summary>
    public IDictionary<string, string> Kafka { get; set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Kafka Connect's REST address; empty when there is no worker to show.</summary>
    /// <value>Default <c>http://127.0.0.1:8083</c>.</value>
    public string? ConnectUrl { get; set; } = "http://127.0.0.1:8083";

    /// <summary>Address of the stream processor's REST API (Flink's monitoring API); empty when there is none to show.</summary>
    /// <value>Default <c>http://127.0.0.1:8082</c>.</value>
    public string? StreamsUrl { get; set; } = "http://127.0.0.1:8082";

    /// <summary>ClickHouse's HTTP address; empty when there is none to show.</summary>
    /// <value>Default <c>http://127.0.0.1:8123</c>.</value>
    public string? ClickHouseUrl { get; set; } = "http://127.0.0.1:8123";

    /// <summary>User for ClickHouse.</summary>
    /// <value>Default <c>default</c>.</value>
    public string ClickHouseUser { get; set; } = "default";

    /// <summary>Password for ClickHouse; never shown or logged.</summary>
    public string? ClickHousePassword { get; set; }

    /// <summary>Database in which statements of the Analytics page run.</summary>
    /// <value>Default <c>default</c>.</value>
    public string ClickHouseDatabase { get; set; } = "default";

    /// <summary>Topics whose records are shown as alerts, as JSON objects.</summary>
    /// <value>Default <c>fraud.alerts.detected.v1</c>.</value>
    public IList<string> AlertTopics { get; set; } = ["fraud.alerts.detected.v1"];

    /// <summary>Folder of dashboards, one JSON file each; created when the first one is saved. Empty: dashboards cannot be saved.</summary>
    public string? DashboardsDirectory { get; set; }

    /// <summary>Name shown in the title of each page.</summary>
    /// <value>Default <c>Millrace</c>.</value>
    public string Title { get; set; } = "Millrace";

    /// <summary>Hides what changes anything: connector actions, saving dashboards, and SQL other than reading (ClickHouse's <c>readonly=1</c>).</summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool ReadOnly { get; set; }

    /// <summary>How often the systems are asked.</summary>
    /// <value>Default 1 second; between 200 ms and 1 minute.</value>
    public TimeSpan SampleInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How many samples of each metric are kept in memory.</summary>
    /// <value>Default 900 (15 minutes at one per second); between 60 and 86,400.</value>
    public int SamplesKept { get; set; } = 900;

    /// <summary>Longest time that a group may be behind before it is reported.</summary>
    /// <value>Default 30 seconds.</value>
    public TimeSpan LagLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Returns a sentence per wrong setting; empty when all is well.</summary>
    public IReadOnlyList<string> Validate() => Hosting.ConsoleOptionsRules.Check(this);
}
