using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Millrace.ClickHouse.Engine;

namespace Millrace.ClickHouse;

/// <summary>Keeps the child running: starts it again when it ends, hands out connections to the current one, kills one that hangs.</summary>
internal sealed partial class EngineSupervisor(ClickHouseOptions options, string library, TimeProvider time, ILogger<EngineSupervisor> logger) : IAsyncDisposable
{
    // Idle connections kept for the next queries; each costs the child one parked thread.
    private const int KeptConnections = 8;

    private static readonly TimeSpan FirstRestartDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRestartDelay = TimeSpan.FromSeconds(5);

    /// <summary>How long a request waits for a child that is being restarted before it is refused.</summary>
    private static readonly TimeSpan RestartPatience = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentBag<EngineClient> _idle = [];
    private readonly CancellationTokenSource _stopping = new();
    private TaskCompletionSource<EngineProcess> _current = New();
    private Task _supervising = Task.CompletedTask;

    // The task has ended here, so nothing is waited for.
    internal int ProcessId => _current.Task.IsCompletedSuccessfully && _current.Task.GetAwaiter().GetResult() is { Exited.IsCompleted: false } engine ? engine.Id : 0;

    internal int Restarts { get; private set; }

    internal string Version { get; private set; } = "";

    internal async Task StartAsync(CancellationToken ct)
    {
        await DataDirectory.EnsureFreeAsync(options.DataDirectory, time, ct);
        var engine = await EngineProcess.StartAsync(options, library, ct);
        _current.SetResult(engine);
        _supervising = SuperviseAsync(engine);
        Version = await ScalarAsync("SELECT version()", ct);
    }

    /// <summary>A connection to the running child; waits for one that is being restarted.</summary>
    /// <exception cref="ClickHouseException">No child came up in time.</exception>
    internal async Task<EngineClient> RentAsync(CancellationToken ct)
    {
        while (_idle.TryTake(out var client))
        {
            if (client.IsConnected)
                return client;
            client.Dispose();
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct, _stopping.Token);
        patience.CancelAfter(RestartPatience);
        try
        {
            while (true)
            {
                var engine = await _current.Task.WaitAsync(patience.Token);
                try
                {
                    return await engine.ConnectAsync(patience.Token);
                }
                catch (SocketException)
                {
                    // It has just ended; the next one is on its way.
                    await Task.Delay(ReconnectDelay, time, patience.Token);
                }
            }
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw Unavailable(e);
        }
    }

    /// <summary>Takes a connection back, for the next query if its last one ended properly.</summary>
    internal void Return(EngineClient client, bool isClean = true)
    {
        if (isClean && client.IsIdle && _idle.Count < KeptConnections && !_stopping.IsCancellationRequested)
            _idle.Add(client);
        else
            client.Dispose();
    }

    /// <summary>Ends the query with this marker, wherever it runs.</summary>
    internal async Task CancelAsync(string marker, CancellationToken ct)
    {
        var client = await RentAsync(ct);
        try
        {
            await client.SendAsync(new EngineRequest { Cancel = marker }, ReadOnlySequence<byte>.Empty, ct);
            await client.ReceiveAsync().WaitAsync(ct);
        }
        finally
        {
            Return(client);
        }
    }

    /// <summary>The last resort for a child that no longer reacts.</summary>
    internal void KillHung(EngineProcess engine, string queryId)
    {
        LogHung(queryId, engine.Id);
        engine.Kill();
    }

    internal static ClickHouseException Unavailable(Exception? cause) => new(
        ErrorCodes.NetworkError, "NETWORK_ERROR", "The ClickHouse engine ended while it worked on this and is being restarted: retry the request.", cause);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        while (_idle.TryTake(out var client))
            client.Dispose();
        await _supervising;
        if (_current.Task.IsCompletedSuccessfully)
            await (await _current.Task).DisposeAsync();
        _stopping.Dispose();
    }

    private async Task SuperviseAsync(EngineProcess engine)
    {
        var delay = FirstRestartDelay;
        while (true)
        {
            try
            {
                await engine.Exited.WaitAsync(_stopping.Token);
                _current = New();
                LogEnded(engine.Id, engine.LastLines);
                await engine.DisposeAsync();
                for (EngineProcess? next = null; next is null; delay = delay * 2 > LongestRestartDelay ? LongestRestartDelay : delay * 2)
                {
                    await Task.Delay(delay, time, _stopping.Token);
                    next = await TryStartAsync();
                    engine = next ?? engine;
                }

                Restarts++;
                delay = FirstRestartDelay;
                LogRestarted(engine.Id);
                _current.SetResult(engine);
            }
            catch (OperationCanceledException)
            {
                _current.TrySetCanceled();
                return;
            }
        }
    }

    private async Task<EngineProcess?> TryStartAsync()
    {
        try
        {
            return await EngineProcess.StartAsync(options, library, _stopping.Token);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogStartFailed(e.Message);
            return null;
        }
    }

    private async Task<string> ScalarAsync(string query, CancellationToken ct)
    {
        var client = await RentAsync(ct);
        try
        {
            await client.SendAsync(new EngineRequest { Streams = true }, new ReadOnlySequence<byte>(System.Text.Encoding.UTF8.GetBytes(query)), ct);
            var text = "";
            while (await client.ReceiveAsync().WaitAsync(ct) is { Chunk: { } chunk } frame)
            {
                text += System.Text.Encoding.UTF8.GetString(chunk.Memory.Span[..frame.Length]);
                chunk.Dispose();
            }

            return text.Trim();
        }
        finally
        {
            Return(client);
        }
    }

    private static TaskCompletionSource<EngineProcess> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(6010, LogLevel.Error, "ClickHouse engine {ProcessId} ended; starting it again. Its last words: {Lines}")]
    private partial void LogEnded(int processId, string lines);

    [LoggerMessage(6011, LogLevel.Information, "ClickHouse engine started again, process {ProcessId}")]
    private partial void LogRestarted(int processId);

    [LoggerMessage(6012, LogLevel.Error, "ClickHouse engine did not start: {Reason}")]
    private partial void LogStartFailed(string reason);

    [LoggerMessage(6013, LogLevel.Error, "Query {QueryId} did not end after its time limit and a cancellation; ClickHouse engine {ProcessId} is killed")]
    private partial void LogHung(string queryId, int processId);
}
