using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Millrace.Protocol;
using Millrace.Protocol.Messages;

namespace Millrace.Broker.Tests.Server;

/// <summary>A connection that speaks the protocol request by request, so that a test can say exactly what goes over the wire.</summary>
internal sealed class WireClient : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly Stream _stream;
    private int _correlation;

    private WireClient(Socket socket, Stream stream)
    {
        _socket = socket;
        _stream = stream;
    }

    public static async Task<WireClient> ConnectAsync(IPEndPoint endPoint)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint);
        return new WireClient(socket, new NetworkStream(socket, ownsSocket: true));
    }

    /// <summary>The same over TLS. What is wrong with the handshake may only show at the first request: in TLS 1.3 the client is done before the server has looked at its certificate.</summary>
    public static async Task<WireClient> ConnectTlsAsync(IPEndPoint endPoint, SslClientAuthenticationOptions options)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsClientAsync(options);
        return new WireClient(socket, tls);
    }

    public async Task<TResponse> AskAsync<TResponse>(IKafkaRequest<TResponse> request, short version)
        where TResponse : class, IKafkaResponse, new()
    {
        int correlation = await SendAsync(request, version);
        return await ReceiveAsync<TResponse>(correlation, version);
    }

    public async Task<int> SendAsync<TResponse>(IKafkaRequest<TResponse> request, short version)
        where TResponse : class, IKafkaResponse, new()
    {
        int correlation = ++_correlation;
        await SendRawAsync(Encode(request, TResponse.ApiKey, version, version >= Flexible(TResponse.ApiKey), correlation));
        return correlation;
    }

    public async Task<TResponse> ReceiveAsync<TResponse>(int correlation, short version)
        where TResponse : class, IKafkaResponse, new()
    {
        byte[] frame = await ReceiveRawAsync() ?? throw new EndOfStreamException("the broker closed the connection");
        var reader = new KafkaReader(frame);
        var header = ResponseHeader.Read(ref reader, ResponseHeader.IsFlexible(TResponse.ApiKey, version >= TResponse.FirstFlexibleVersion));
        Assert.Equal(correlation, header.CorrelationId);
        var response = new TResponse();
        response.Read(ref reader, version);
        Assert.Equal(0, reader.Remaining);
        return response;
    }

    public async Task SendRawAsync(byte[] frame)
    {
        byte[] whole = new byte[frame.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(whole, frame.Length);
        frame.CopyTo(whole, 4);
        await _stream.WriteAsync(whole);
    }

    public ValueTask SendBytesAsync(byte[] bytes) => _stream.WriteAsync(bytes);

    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>The next frame, or null where the broker closed the connection.</summary>
    public async Task<byte[]?> ReceiveRawAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        try
        {
            byte[] head = new byte[4];
            await _stream.ReadExactlyAsync(head, limit.Token);
            byte[] frame = new byte[BinaryPrimitives.ReadInt32BigEndian(head)];
            await _stream.ReadExactlyAsync(frame, limit.Token);
            return frame;
        }
        catch (Exception e) when (e is EndOfStreamException or IOException)
        {
            return null;
        }
    }

    public static byte[] Encode(IKafkaMessage request, ApiKey api, short version, bool flexible, int correlation)
    {
        var writer = new KafkaWriter(256);
        new RequestHeader(api, version, correlation, "test").Write(ref writer, flexible);
        request.Write(ref writer, version);
        using var message = writer.Complete();
        return message.ToArray();
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static short Flexible(ApiKey api) => MessageCatalog.All.Single(m => m.ApiKey == api && m.Kind == MessageKind.Request).FirstFlexibleVersion;
}
