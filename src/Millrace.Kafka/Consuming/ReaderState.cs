using System.Runtime.ExceptionServices;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Millrace.Kafka.Native;

namespace Millrace.Kafka.Consuming;

/// <summary>What a reader collects during one native call: events, rebalances, failures of handlers. Used by the reading thread only, but for logs.</summary>
internal sealed class ReaderState(ILogger logger, Action<string>? statistics) : IReaderCallbacks
{
    private List<ReaderEvent> _events = [];
    private readonly HashSet<(string Topic, int Partition)> _revoked = [];
    private readonly Dictionary<(string Topic, int Partition), long> _assigned = [];
    private ExceptionDispatchInfo? _handlerFailure;
    private Error? _fatal;

    internal ConsumerClient? Client { get; set; }

    internal RebalanceHandlers Handlers { get; set; } = new();

    internal bool HasEvents => _events.Count > 0 || _handlerFailure is not null;

    internal void ThrowIfFatal()
    {
        if (_fatal is { } fatal)
            throw new KafkaException(fatal);
    }

    internal void ThrowIfHandlerFailed()
    {
        var failure = _handlerFailure;
        _handlerFailure = null;
        failure?.Throw();
    }

    internal IReadOnlyList<ReaderEvent> TakeEvents()
    {
        if (_events.Count == 0)
            return [];
        var events = _events;
        _events = [];
        foreach (var e in events)
        {
            if (e is ReaderError { IsFatal: true } error)
                _fatal = error.Error;
        }

        return events;
    }

    /// <summary>
    /// Keeps records, in place; turns messages that carry an error into events; drops records fetched before a revocation in the same call,
    /// whose partitions belong to another member now.
    /// </summary>
    /// <returns>The number of records kept.</returns>
    internal int Sort(nint[] messages, int count, TopicNamePool names)
    {
        var kept = 0;
        Dictionary<(string, int), long>? dropped = null;
        for (var i = 0; i < count; i++)
        {
            var pointer = messages[i];
            var message = new MessagePointer(pointer);
            if (message.Error == ErrorCode.NoError && _revoked.Count == 0)
            {
                messages[kept++] = pointer;
                continue;
            }

            var topic = message.Topic == 0 ? null : names.Get(MessagePointer.TopicName(message.Topic));
            if (message.Error != ErrorCode.NoError)
            {
                _events.Add(ToEvent(message, topic));
            }
            else if (_revoked.Contains((topic!, message.Partition)))
            {
                dropped ??= [];
                dropped.TryAdd((topic!, message.Partition), message.Offset);
            }
            else
            {
                messages[kept++] = pointer;
                continue;
            }

            MessagePointer.Free(pointer);
        }

        if (dropped is not null)
            ReadAgain(dropped);
        _revoked.Clear();
        _assigned.Clear();
        return kept;
    }

    public void OnRebalance(bool assigned, IReadOnlyList<TopicPartition> partitions)
    {
        // Nothing may escape into native code, and the group waits for the acknowledgement in any case.
        try
        {
            if (assigned)
                Assign(partitions);
            else
                Revoke(partitions);
        }
        catch (Exception e)
        {
            _handlerFailure ??= ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            Client!.Yield();
        }
    }

    public void OnError(Error error)
    {
        _events.Add(new ReaderError(error, Topic: null, Partition: null));
        Client?.Yield();
    }

    public void OnStatistics(string json)
    {
        try
        {
            statistics?.Invoke(json);
        }
        catch (Exception e)
        {
            _handlerFailure ??= ExceptionDispatchInfo.Capture(e);
        }
    }

    public void OnCommit(Error? error, IReadOnlyList<PartitionOffset> offsets)
    {
        _events.Add(new OffsetsCommitted(offsets, error));
        Client?.Yield();
    }

    public void OnLog(int syslogLevel, string facility, string message)
    {
        var level = syslogLevel switch
        {
            <= 2 => LogLevel.Critical,
            3 => LogLevel.Error,
            4 => LogLevel.Warning,
            5 or 6 => LogLevel.Information,
            _ => LogLevel.Debug,
        };
        try
        {
            ReaderLog.FromLibrary(logger, level, facility, message);
        }
#pragma warning disable RCS1075 // A logger that throws must not end the process from a native thread, and there is no place left to report it.
        catch (Exception)
        {
        }
#pragma warning restore RCS1075
    }

    private ReaderEvent ToEvent(MessagePointer message, string? topic)
    {
        var code = message.Error;
        if (code == ErrorCode.Local_PartitionEOF)
            return new PartitionEndReached(topic!, message.Partition, message.Offset);
        if (code == ErrorCode.Local_Fatal && Client!.FatalError() is { } fatal)
            return new ReaderError(fatal, topic, Partition: null);
        var reason = message.IsValueNull ? NativeText.Describe((int)code) : System.Text.Encoding.UTF8.GetString(message.Value);
        return new ReaderError(new Error(code, reason), topic, message.Partition < 0 ? null : message.Partition);
    }

    private void Assign(IReadOnlyList<TopicPartition> partitions)
    {
        var cooperative = Client!.IsCooperative;
        var start = partitions.ToDictionary(static p => (p.Topic, p.Partition.Value), static _ => (long)Offset.Unset);
        try
        {
            foreach (var chosen in Handlers.Assigned?.Invoke(partitions) ?? [])
            {
                if (!start.ContainsKey((chosen.Topic, chosen.Partition)))
                    throw new InvalidOperationException($"The handler returned an offset for {chosen}, which is not among the assigned partitions.");
                start[(chosen.Topic, chosen.Partition)] = chosen.Offset;
            }
        }
        catch
        {
            // Without its offsets nothing may be read; the exception goes to the caller of ReadBatch.
            Client.Assign([], incremental: cooperative);
            throw;
        }

        foreach (var (partition, offset) in start)
            _assigned[partition] = offset;
        Client.Assign(start.Select(static p => new PartitionOffset(p.Key.Topic, p.Key.Value, p.Value)), incremental: cooperative);
    }

    private void Revoke(IReadOnlyList<TopicPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            _revoked.Add((partition.Topic, partition.Partition.Value));
            _assigned.Remove((partition.Topic, partition.Partition.Value));
        }

        try
        {
            var handler = Client!.IsAssignmentLost ? Handlers.Lost ?? Handlers.Revoked : Handlers.Revoked;
            handler?.Invoke(partitions);
        }
        finally
        {
            if (Client!.IsCooperative)
                Client.IncrementalUnassign(partitions);
            else
                Client.Assign(null);
        }
    }

    /// <summary>A partition that came back within the same call: what was dropped must be read again, from where its new assignment starts.</summary>
    private void ReadAgain(Dictionary<(string Topic, int Partition), long> dropped)
    {
        var again = new List<PartitionOffset>();
        foreach (var (partition, first) in dropped)
        {
            if (_assigned.TryGetValue(partition, out var start))
                again.Add(new PartitionOffset(partition.Topic, partition.Partition, start >= 0 ? start : first));
        }

        if (again.Count > 0)
            Client!.Seek(again, timeoutMs: 10_000);
    }
}
