using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Millrace.Broker.Network;

/// <summary>Accepts connections and keeps them until they end.</summary>
internal sealed partial class BrokerListener : IAsyncDisposable
{
    private const int Backlog = 512;

    private static readonly TimeSpan IdleCheckInterval = TimeSpan.FromSeconds(30);

    private readonly Socket _socket;
    private readonly ConnectionSettings _settings;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<long, (ClientConnection Connection, Task Running)> _connections = new();
    private readonly ITimer _idleCheck;
    private Task _accepting = Task.CompletedTask;
    private long _lastId;

    private BrokerListener(Socket socket, ConnectionSettings settings, ILogger logger)
    {
        _socket = socket;
        _settings = settings;
        _logger = logger;
        _idleCheck = settings.Time.CreateTimer(_ => CloseIdle(), null, IdleCheckInterval, IdleCheckInterval);
    }

    public IPEndPoint LocalEndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    public int ConnectionCount => _connections.Count;

    /// <summary>Takes the address. Connections wait in the backlog until <see cref="Start"/>.</summary>
    /// <exception cref="BrokerStartException">The address is in use or not ours.</exception>
    public static Socket Bind(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = true;
            // .NET sets SO_REUSEADDR on Unix by itself: a restart does not wait for TIME_WAIT, and a second listener still fails.
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw BrokerStartException.CannotListen(endPoint, e);
        }
    }

    public static BrokerListener Start(Socket socket, ConnectionSettings settings, ILogger logger)
    {
        var listener = new BrokerListener(socket, settings, logger);
        listener._accepting = listener.AcceptAsync();
        return listener;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _socket.Dispose();
        await _idleCheck.DisposeAsync();
        await _accepting;
        foreach (var (connection, _) in _connections.Values) connection.Dispose();
        await Task.WhenAll(_connections.Values.Select(static c => c.Running));
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _socket.AcceptAsync(_stopping.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                if (_stopping.IsCancellationRequested) return;
                LogAcceptFailed(_logger, e);
                await Task.Delay(TimeSpan.FromMilliseconds(100), _settings.Time, CancellationToken.None);
                continue;
            }

            if (!await TryAdmitAsync(client)) return;
        }
    }

    // A connection above max.connections waits here, and those after it in the backlog.
    private async ValueTask<bool> TryAdmitAsync(Socket client)
    {
        try
        {
            await _settings.Limits.WaitAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            client.Dispose();
            return false;
        }

        try
        {
            if (_settings.Limits.TryCount(client, out var counted))
            {
                client.NoDelay = true;
                Serve(client, counted);
                return true;
            }

            LogTooMany(_logger, SocketAddresses.RemoteHost(client));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client has gone again.
        }

        client.Dispose();
        _settings.Limits.Release();
        return true;
    }

    private void Serve(Socket client, IPAddress? counted)
    {
        long id = ++_lastId;
        var connection = new ClientConnection(client, _settings, id, _logger, _stopping.Token);
        _connections[id] = (connection, Task.CompletedTask);
        var running = Task.Run(async () =>
        {
            await connection.RunAsync();
            connection.Dispose();
            _settings.Limits.Discount(counted);
            _settings.Limits.Release();
            _connections.TryRemove(id, out _);
        });
        _connections.TryUpdate(id, (connection, running), (connection, Task.CompletedTask));
    }

    private void CloseIdle()
    {
        foreach (var (connection, _) in _connections.Values) connection.CloseIfIdle();
    }

    [LoggerMessage(2603, LogLevel.Warning, "Closing a connection from {Client}: its address has as many as max.connections.per.ip allows")]
    private static partial void LogTooMany(ILogger logger, string client);

    [LoggerMessage(2001, LogLevel.Warning, "A connection could not be accepted; trying again")]
    private static partial void LogAcceptFailed(ILogger logger, Exception error);
}
