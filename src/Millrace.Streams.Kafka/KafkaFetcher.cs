using System.Collections.Concurrent;
using Millrace.Kafka.Consuming;

namespace Millrace.Streams.Kafka;

/// <summary>A thread that fetches batches ahead of the subtask's loop, because the client's call waits on its thread. A short queue is its back pressure.</summary>
internal sealed class KafkaFetcher : IDisposable
{
    private const int BatchesAhead = 4;
    private const int BatchSize = 2048;

    private readonly KafkaRecordReader _reader;
    private readonly BlockingCollection<RecordBatch> _batches = new(BatchesAhead);
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private TaskCompletionSource _data = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Exception? _failure;

    public KafkaFetcher(KafkaRecordReader reader, string name)
    {
        _reader = reader;
        _thread = new Thread(Fetch) { IsBackground = true, Name = $"kafka-fetch {name}" };
        _thread.Start();
    }

    public bool TryTake(out RecordBatch? batch)
    {
        if (_batches.TryTake(out batch))
        {
            return true;
        }

        return _failure is { } failure ? throw new IOException($"Kafka source: {failure.Message}", failure) : false;
    }

    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        Task data;
        lock (_lock)
        {
            if (_batches.Count > 0 || _failure is not null)
            {
                return;
            }

            if (_data.Task.IsCompleted)
            {
                _data = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            data = _data.Task;
        }

        await data.WaitAsync(cancellationToken);
    }

    /// <summary>Ends the thread; the reader is its caller's until <see cref="Dispose"/>.</summary>
    public void Stop()
    {
        _stop.Cancel();
        _reader.Wakeup();
        _thread.Join();
    }

    public void Dispose()
    {
        Stop();
        while (_batches.TryTake(out var batch))
        {
            batch.Dispose();
        }

        _reader.Dispose();
        _batches.Dispose();
        _stop.Dispose();
    }

    private void Fetch()
    {
        RecordBatch? batch = null;
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                batch = _reader.ReadBatch(TimeSpan.FromSeconds(1), BatchSize);
                if (batch.Count == 0 && batch.Events.Count == 0)
                {
                    batch.Dispose();
                    continue;
                }

                _batches.Add(batch, _stop.Token);
                batch = null;
                Announce();
            }
        }
        catch (OperationCanceledException)
        {
            batch?.Dispose();
        }
        catch (Exception exception)
        {
            _failure = exception;
            Announce();
        }
    }

    private void Announce()
    {
        lock (_lock)
        {
            _data.TrySetResult();
        }
    }
}
