using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;
using Millrace.Broker.Security.Sasl;
using Millrace.Broker.Security.Tls;
using Millrace.Protocol;

namespace Millrace.Broker.Network;

/// <summary>
/// One client. A loop fills a pipe from the socket, which also notices that the client has gone while a long poll waits; another takes one frame
/// at a time, has it handled, and sends the response before it looks at the next one: so responses keep the order of their requests.
/// </summary>
internal sealed partial class ClientConnection(Socket socket, ConnectionSettings settings, long id, ILogger logger, CancellationToken stopping) : IDisposable
{
    /// <summary>Small enough for many idle connections, large enough that a usual produce request is one segment.</summary>
    private const int SegmentBytes = 64 * 1024;

    /// <summary>The time for TLS and SASL together: what Java's clients give a connection at most.</summary>
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(30);

    private readonly Pipe _pipe = new(new PipeOptions(
        pauseWriterThreshold: 1024 * 1024, resumeWriterThreshold: 512 * 1024, minimumSegmentSize: SegmentBytes, useSynchronizationContext: false,
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.ThreadPool));

    private readonly CancellationTokenSource _aborted = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private readonly string _remote = SocketAddresses.RemoteHost(socket);
    private long _lastActive = settings.Time.GetTimestamp();
    private volatile bool _busy;
    private SslStream? _tls;

    /// <summary>Runs until the client goes, breaks the protocol, or the broker stops.</summary>
    public async Task RunAsync()
    {
        var info = new ConnectionInfo(id, settings.NodeId, _remote, settings.Listener, logger, _aborted.Token)
        {
            Sasl = settings.Listener.Sasl is { } sasl ? new SaslSession(sasl, settings.Listener, _remote, settings.Audit, settings.Time) : null,
        };
        // Until a client is known it has this long, so that half-open ones do not hold a connection.
        await using var limit = info.Sasl is null && settings.Listener.Tls is null ? null : settings.Time.CreateTimer(_ => CloseUnknown(info), null, HandshakeLimit, Timeout.InfiniteTimeSpan);
        if (settings.Listener.Tls is { } server && !await TryBeginTlsAsync(server, info))
        {
            Close();
            return;
        }

        var filling = FillAsync();
        try
        {
            await ServeAsync(info);
        }
        catch (OperationCanceledException)
        {
            // The client has gone, or the broker stops.
        }
        catch (SocketException e)
        {
            LogBroken(logger, _remote, e.SocketErrorCode);
        }
        catch (MalformedMessageException e)
        {
            LogMalformed(logger, _remote, e.Message);
        }
        catch (RequestFailedException e)
        {
            LogRefused(logger, _remote, e.Message);
        }
        catch (Exception e)
        {
            LogFailed(logger, e, _remote);
        }

        Close();
        await filling;
        if (_tls is not null) await _tls.DisposeAsync();
    }

    /// <summary>Closes the connection if it has been quiet for longer than connections.max.idle.ms.</summary>
    public void CloseIfIdle()
    {
        if (_busy || settings.Time.GetElapsedTime(Volatile.Read(ref _lastActive)) < settings.MaxIdle) return;
        LogIdle(logger, _remote);
        Close();
    }

    /// <summary>The response still reaches the client; what the client sends is not read any more.</summary>
    private void EndSending()
    {
        socket.Shutdown(SocketShutdown.Send);
        Close();
    }

    private void CloseUnknown(ConnectionInfo info)
    {
        bool isKnown = info.Sasl is { } sasl ? sasl.IsAuthenticated : _tls is not null;
        if (isKnown) return;
        LogSlowHandshake(logger, _remote, settings.Listener.Name, HandshakeLimit);
        Close();
    }

    public void Dispose()
    {
        Close();
        _aborted.Dispose();
    }

    private void Close()
    {
        try
        {
            _aborted.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return;
        }

        socket.Dispose();
    }

    private static string Reason(Exception e) => e.InnerException is { } inner and not AuthenticationException ? $"{e.Message} {inner.Message}" : e.Message;

    /// <summary>The handshake of TLS, before the first byte of a request.</summary>
    private async ValueTask<bool> TryBeginTlsAsync(TlsServer server, ConnectionInfo info)
    {
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: false));
        try
        {
            await server.AuthenticateAsync(tls, _aborted.Token);
            info.Principal = server.PrincipalOf(tls.RemoteCertificate);
            _tls = tls;
            return true;
        }
        catch (Exception e)
        {
            // A client that leaves again, as a check of the port does, says nothing; a refused certificate, or one that cannot be read, does.
            if (e is not (SocketException or ObjectDisposedException or OperationCanceledException or IOException { InnerException: null or SocketException }))
                LogTlsFailed(logger, _remote, settings.Listener.Name, Reason(e));
            await tls.DisposeAsync();
            return false;
        }
    }

    private async Task FillAsync()
    {
        try
        {
            while (true)
            {
                var free = _pipe.Writer.GetMemory(SegmentBytes / 2);
                int received = _tls is null ? await socket.ReceiveAsync(free, SocketFlags.None, CancellationToken.None) : await _tls.ReadAsync(free);
                if (received == 0) break;
                _pipe.Writer.Advance(received);
                var flushed = await _pipe.Writer.FlushAsync();
                if (flushed.IsCompleted) break;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // The reader sees the end of the pipe; what came before is still served.
        }

        await _pipe.Writer.CompleteAsync();
        try
        {
            await _aborted.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // Closed from the other side at the same moment.
        }
    }

    private async Task ServeAsync(ConnectionInfo info)
    {
        var reader = _pipe.Reader;
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(stopping);
                var buffer = result.Buffer;
                while (FrameParser.TryTake(ref buffer, info.Sasl is { IsAuthenticated: false } unknown ? Math.Min(unknown.MaxReceiveBytes, settings.MaxRequestBytes) : settings.MaxRequestBytes, out var frame)) await ServeAsync(frame, info);
                reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted) return;
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private async ValueTask ServeAsync(ReadOnlySequence<byte> frame, ConnectionInfo info)
    {
        _busy = true;
        byte[]? rented = null;
        try
        {
            if (!frame.IsSingleSegment)
            {
                rented = ArrayPool<byte>.Shared.Rent((int)frame.Length);
                frame.CopyTo(rented);
            }

            await DispatchAsync(rented is null ? frame.First : rented.AsMemory(0, (int)frame.Length), info);
        }
        finally
        {
            if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
            Volatile.Write(ref _lastActive, settings.Time.GetTimestamp());
            _busy = false;
        }
    }

    private async ValueTask DispatchAsync(ReadOnlyMemory<byte> frame, ConnectionInfo info)
    {
        if (info.Sasl is { TakesRawTokens: true } raw)
        {
            await AnswerTokenAsync(frame, raw, info);
            return;
        }

        using var context = settings.Dispatcher.Parse(frame, info, out var handler);
        info.Sasl?.Admit(handler.ApiKey);
        try
        {
            if (settings.Interceptor is { } interceptor)
            {
                await InterceptAsync(interceptor, context, handler);
                return;
            }

            using var response = await handler.HandleAsync(context);
            if (response is not null) await SendAsync(response);
            if (context.ClosesConnection) EndSending();
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // A long poll whose client has gone: see below.
        }
        catch (SocketException)
        {
            // The client has gone. Requests that it sent before are still served: a producer with acks=0 does not wait.
        }
        catch (ObjectDisposedException)
        {
            // The same, seen by us first.
        }
        catch (IOException) when (_tls is not null)
        {
            // The same, below TLS.
        }
    }

    /// <summary>After SaslHandshake 0 tokens come and go bare, and a failure is the end of the connection.</summary>
    private async ValueTask AnswerTokenAsync(ReadOnlyMemory<byte> token, SaslSession session, ConnectionInfo info)
    {
        var answer = await session.AuthenticateAsync(token, _aborted.Token);
        if (session.HasFailed) throw new RequestFailedException(answer.ErrorCode, answer.ErrorMessage ?? "");
        info.Principal = session.Principal;
        byte[] framed = new byte[sizeof(int) + answer.AuthBytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed, answer.AuthBytes.Length);
        answer.AuthBytes.CopyTo(framed.AsSpan(sizeof(int)));
        await SendAsync(framed);
    }

    private async ValueTask InterceptAsync(IRequestInterceptor interceptor, RequestContext context, IRequestHandler handler)
    {
        var (response, sendBytes) = await interceptor.HandleAsync(context, handler);
        using (response)
        {
            if (sendBytes is not { } limit)
            {
                if (response is not null) await SendAsync(response);
                return;
            }

            if (response is not null) await SendSomeAsync(response, limit);
            Close();
        }
    }

    private async ValueTask SendSomeAsync(EncodedMessage response, int limit)
    {
        foreach (var segment in response.Segments())
        {
            var part = segment[..Math.Min(limit, segment.Length)];
            limit -= part.Length;
            await SendAsync(part);
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> rest)
    {
        if (_tls is not null) await _tls.WriteAsync(rest);
        else while (!rest.IsEmpty) rest = rest[await socket.SendAsync(rest, SocketFlags.None)..];
    }

    private ValueTask SendAsync(EncodedMessage response) => response.IsSingleSegment ? SendAsync(response.First) : SendManyAsync(response);

    private async ValueTask SendManyAsync(EncodedMessage response)
    {
        if (_tls is not null)
        {
            foreach (var segment in response.Segments()) await _tls.WriteAsync(segment);
            return;
        }

        var segments = new List<ArraySegment<byte>>();
        foreach (var segment in response.Segments()) segments.Add(SocketAddresses.ToArraySegment(segment));
        int total = response.TotalLength;
        int sent = await socket.SendAsync(segments, SocketFlags.None);
        if (sent < total) await SendRestAsync(segments, sent);
    }

    private async ValueTask SendRestAsync(List<ArraySegment<byte>> segments, int skip)
    {
        foreach (var segment in segments)
        {
            int done = Math.Min(skip, segment.Count);
            skip -= done;
            ReadOnlyMemory<byte> rest = segment[done..];
            while (!rest.IsEmpty) rest = rest[await socket.SendAsync(rest, SocketFlags.None)..];
        }
    }

    [LoggerMessage(2011, LogLevel.Debug, "The connection from {Client} broke: {Error}")]
    private static partial void LogBroken(ILogger logger, string client, SocketError error);

    [LoggerMessage(2012, LogLevel.Warning, "Closing the connection from {Client}, which does not speak the Kafka protocol as this broker knows it: {Reason}")]
    private static partial void LogMalformed(ILogger logger, string client, string reason);

    [LoggerMessage(2015, LogLevel.Warning, "Closing the connection from {Client}: {Reason}")]
    private static partial void LogRefused(ILogger logger, string client, string reason);

    [LoggerMessage(2013, LogLevel.Error, "Closing the connection from {Client}: a request failed and its API has no answer for that")]
    private static partial void LogFailed(ILogger logger, Exception error, string client);

    [LoggerMessage(2014, LogLevel.Debug, "Closing the connection from {Client}: quiet for longer than connections.max.idle.ms")]
    private static partial void LogIdle(ILogger logger, string client);

    [LoggerMessage(2602, LogLevel.Information, "Closing the connection from {Client} on the listener {Listener}: it has not authenticated within {Limit}")]
    private static partial void LogSlowHandshake(ILogger logger, string client, string listener, TimeSpan limit);

    [LoggerMessage(2016, LogLevel.Warning, "The TLS handshake with {Client} on the listener {Listener} failed: {Reason}")]
    private static partial void LogTlsFailed(ILogger logger, string client, string listener, string reason);
}
