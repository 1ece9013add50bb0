using Microsoft.Extensions.Logging;
using Millrace.Broker.Log.Producers;
using Millrace.Broker.Log.Segments;
using Millrace.Broker.Storage;
using Millrace.Protocol;

namespace Millrace.Broker.Log;

/// <summary>
/// The log of one partition. Changes are made by one owner at a time (<c>PartitionLog.Owner.cs</c>); readers work on the last published
/// <see cref="LogView"/>.
/// </summary>
internal sealed partial class PartitionLog
{
    private readonly LogFileSystem _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ProducerStates _producers = new();
    private readonly LeaderEpochs _epochs;
    private string _directory;
    private LogConfig _config;
    private LogView _view;
    private long _recoveryPoint;
    private bool _deleted;

    private PartitionLog(in PartitionLogSettings settings, LeaderEpochs epochs, LogSegment[] segments)
    {
        TopicPartition = settings.Partition;
        TopicId = settings.TopicId;
        _files = settings.Files;
        _directory = settings.Directory;
        _config = settings.Config;
        _time = settings.Time;
        _logger = settings.Logger;
        LogStartMoved = settings.LogStartMoved;
        _epochs = epochs;
        _recoveryPoint = settings.RecoveryPoint;
        _view = new LogView(segments, segments[0].BaseOffset, segments[^1].NextOffset, segments[^1].NextOffset);
    }

    public TopicPartition TopicPartition { get; }

    public Guid TopicId { get; private set; }

    public LogConfig Config => Volatile.Read(ref _config);

    /// <summary>First offset that can be read.</summary>
    public long LogStartOffset => View.LogStartOffset;

    /// <summary>Offset after the last record that may be read.</summary>
    public long HighWatermark => View.HighWatermark;

    /// <summary>First offset of the earliest open transaction, or the high watermark.</summary>
    public long LastStableOffset => View.LastStableOffset;

    /// <summary>Offset that the next record gets.</summary>
    public long LogEndOffset => View.LogEndOffset;

    /// <summary>The epoch that appended batches get.</summary>
    public int LeaderEpoch { get; private set; }

    /// <summary>Bytes of all segments.</summary>
    public long Size
    {
        get
        {
            var view = View;
            var size = (long)view.ActiveSize;
            for (var i = 0; i < view.Segments.Length - 1; i++)
                size += view.Segments[i].Size;
            return size;
        }
    }

    /// <summary>Everything before it is on the disk, and need not be checked after a crash.</summary>
    public long RecoveryPoint => Volatile.Read(ref _recoveryPoint);

    /// <summary>The partition's directory.</summary>
    public string Directory => Volatile.Read(ref _directory);

    internal LogView View => Volatile.Read(ref _view);

    internal ProducerStates Producers => _producers;

    /// <summary>Told when the start was moved by a request: it must be remembered before the request is answered.</summary>
    private Action<PartitionLog> LogStartMoved { get; }

    /// <summary>Producers that the log remembers, for DescribeProducers.</summary>
    public IReadOnlyList<ActiveProducer> ActiveProducers() => _producers.List();

    /// <summary>Whether the producer has a transaction open in this log.</summary>
    public bool HasOpenTransaction(long producerId, short producerEpoch) => _producers.HasOpenTransaction(producerId, producerEpoch);

    /// <summary>Where the newest epoch that is not after <paramref name="leaderEpoch"/> ends; (−1, −1) if there is none (KIP-279).</summary>
    public EpochEndOffset OffsetForLeaderEpoch(int leaderEpoch)
        => leaderEpoch == LeaderEpoch ? new EpochEndOffset(leaderEpoch, LogEndOffset) : _epochs.EndOf(leaderEpoch, LogEndOffset);

    /// <summary>Gives batches appended from now on this leader epoch.</summary>
    public void BecomeLeader(int leaderEpoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(leaderEpoch);
        LeaderEpoch = Math.Max(LeaderEpoch, leaderEpoch);
    }

    /// <summary>Replaces the configuration; it counts from the next append or tick.</summary>
    public void UpdateConfig(LogConfig config) => Volatile.Write(ref _config, config);

    /// <summary>Publishes the state after a change, and wakes those who wait for data.</summary>
    private void Publish(LogSegment[] segments, long logStartOffset)
    {
        var end = segments[^1].NextOffset;
        var stable = Math.Min(_producers.FirstOpenOffset ?? end, end);
        var before = _view;
        Volatile.Write(ref _view, new LogView(segments, logStartOffset, end, Math.Max(stable, logStartOffset)));
        if (end > before.LogEndOffset || stable > before.LastStableOffset)
            NotifyWatchers();
    }

    private AppendResult StorageError(string message) => AppendResult.Failed(ErrorCode.KafkaStorageError, message, LogStartOffset);
}

/// <summary>What a log is opened with.</summary>
internal readonly record struct PartitionLogSettings(
    TopicPartition Partition,
    Guid TopicId,
    string Directory,
    LogConfig Config,
    LogFileSystem Files,
    TimeProvider Time,
    ILogger Logger,
    Action<PartitionLog> LogStartMoved,
    long RecoveryPoint,
    long LogStartOffset,
    bool CleanShutdown);
