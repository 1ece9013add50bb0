using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Console.Backends;
using Millrace.Console.Backends.Kafka;
using Millrace.Console.Hosting;

namespace Millrace.Console.Alerts;

/// <summary>An alert that a job wrote to a topic.</summary>
// Kind: Which rule fired.
// Subject: Whom it is about: an account, a card.
// Summary: The other facts, in one line.
internal sealed record Alert(string Topic, int Partition, long Offset, DateTimeOffset Time, string Kind, string Subject, string Severity, string Summary, string Json)
{
    public string Id => $"{Topic}-{Partition}@{Offset}";
}

/// <summary>Follows the topics of alerts and keeps the latest.</summary>
internal sealed class AlertFeed(ConsoleOptions options, IKafkaView kafka, TimeProvider time, ILogger<AlertFeed> logger) : BackgroundService
{
    private const int Kept = 1000;

    private readonly Lock _lock = new();
    private readonly LinkedList<Alert> _alerts = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private long _total;

    /// <summary>Raised after a new alert, on the feed's thread.</summary>
    public event EventHandler? Changed;

    /// <summary>How many alerts came since the console started, with those of the topics' recent past.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>The latest alerts, newest first.</summary>
    public IReadOnlyList<Alert> Latest()
    {
        lock (_lock) return [.. _alerts];
    }

    internal void Add(KafkaRecord record)
    {
        var alert = Read(record);
        lock (_lock)
        {
            // After a reconnection the recent past is read again.
            if (!_known.Add(alert.Id)) return;
            var place = _alerts.First;
            while (place is not null && place.Value.Time > alert.Time) place = place.Next;
            if (place is null) _alerts.AddLast(alert);
            else _alerts.AddBefore(place, alert);
            if (_alerts.Count > Kept)
            {
                _known.Remove(_alerts.Last!.Value.Id);
                _alerts.RemoveLast();
            }
        }

        Interlocked.Increment(ref _total);
        Changed?.Invoke(this, EventArgs.Empty);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        string[] topics = [.. options.AlertTopics];
        while (topics.Length > 0 && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var record in kafka.TailAsync(topics, TailStart.Recent, stoppingToken)) Add(record);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is Confluent.Kafka.KafkaException or BackendException)
            {
                // The sampler says that Kafka is away; here it is enough to try again.
            }
            catch (Exception e)
            {
                ConsoleLog.SamplingFailed(logger, e, "alerts");
            }

            try
            {
                await Task.Delay(TimeSpan.FromSeconds(2), time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private Alert Read(KafkaRecord record)
    {
        var json = record.Value is null ? "" : System.Text.Encoding.UTF8.GetString(record.Value);
        JsonElement root = default;
        try
        {
            if (json.Length > 0)
            {
                using var document = JsonDocument.Parse(json);
                root = document.RootElement.Clone();
            }
        }
        catch (JsonException)
        {
            // Told below.
        }

        if (root.ValueKind != JsonValueKind.Object) ConsoleLog.AlertNotJson(logger, record.Topic, record.Partition, record.Offset);
        var key = record.Key is null ? "" : System.Text.Encoding.UTF8.GetString(record.Key);
        try
        {
            return AlertReading.Read(record, root, key, json);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair in a text: valid JSON, but no string.
            return AlertReading.Read(record, default, key, json);
        }
    }
}
