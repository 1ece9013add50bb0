using Confluent.Kafka;

namespace Millrace.Kafka.Hosting;

/// <summary>How a consumer of this process is doing. Written by its loop, read by health checks and tools.</summary>
public sealed class ConsumerStatus
{
    private readonly Lock _lock = new();
    private long _handlingSince;
    private string? _error;
    private Dictionary<TopicPartition, long> _lag = [];

    internal ConsumerStatus(string groupId, KafkaConsumerOptions options)
    {
        GroupId = groupId;
        Options = options;
    }

    /// <summary>The group.</summary>
    public string GroupId { get; }

    /// <summary>True while the loop runs.</summary>
    public bool IsRunning { get; internal set; }

    /// <summary>Records finished since the start, dead letters included.</summary>
    public long Finished { get; internal set; }

    /// <summary>Dead letters since the start.</summary>
    public long DeadLettered { get; internal set; }

    /// <summary>The last error of the client that has not been followed by records, or what ended the loop.</summary>
    public string? Error
    {
        get => Volatile.Read(ref _error);
        internal set => Volatile.Write(ref _error, value);
    }

    /// <summary>Records behind, per assigned partition.</summary>
    public IReadOnlyDictionary<TopicPartition, long> Lag
    {
        get
        {
            lock (_lock)
                return _lag;
        }

        internal set
        {
            lock (_lock)
                _lag = new Dictionary<TopicPartition, long>(value);
        }
    }

    internal KafkaConsumerOptions Options { get; }

    internal void HandlingSince(long timestamp) => Volatile.Write(ref _handlingSince, timestamp);

    /// <summary>How long the record that is being handled has taken, retries included; null when none is.</summary>
    /// <param name="time">The clock.</param>
    public TimeSpan? Handling(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        var since = Volatile.Read(ref _handlingSince);
        return since == 0 ? null : time.GetElapsedTime(since);
    }
}
