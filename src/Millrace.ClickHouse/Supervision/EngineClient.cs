using System.Buffers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Millrace.ClickHouse.Engine;

namespace Millrace.ClickHouse;

/// <summary>One connection to the child: one query at a time.</summary>
internal sealed class EngineClient(Socket socket, EngineProcess process) : IDisposable
{
    private readonly byte[] _header = new byte[EngineProtocol.FrameHeader];

    /// <summary>The child that this connection leads to.</summary>
    internal EngineProcess Process => process;

    /// <summary>True between queries: the connection may be used for the next one.</summary>
    internal bool IsIdle { get; private set; } = true;

    /// <summary>False if the child has closed the connection or is gone: an idle connection has nothing to read but its end.</summary>
    internal bool IsConnected => !socket.Poll(0, SelectMode.SelectRead);

    internal async Task SendAsync(EngineRequest request, ReadOnlySequence<byte> body, CancellationToken ct)
    {
        IsIdle = false;
        var head = JsonSerializer.SerializeToUtf8Bytes(request, EngineJson.Default.EngineRequest);
        var prefix = new byte[EngineProtocol.RequestHeader + head.Length];
        EngineProtocol.WriteRequestHeader(prefix, head.Length, body.Length);
        head.CopyTo(prefix, EngineProtocol.RequestHeader);
        await SendAllAsync(prefix, ct);
        foreach (var segment in body)
            await SendAllAsync(segment, ct);
    }

    /// <summary>The next chunk of the result in a rented buffer, or the summary at the end.</summary>
    /// <remarks>Not cancellable: half a frame read would lose the place in the stream. Wait for the task with a limit, and go on waiting for the same task.</remarks>
    /// <exception cref="ClickHouseException">The query failed.</exception>
    internal async Task<(IMemoryOwner<byte>? Chunk, int Length, EngineSummary? Summary)> ReceiveAsync()
    {
        await FillAsync(_header);
        var length = BitConverter.ToInt32(_header, 1);
        var owner = MemoryPool<byte>.Shared.Rent(Math.Max(length, 1));
        try
        {
            await FillAsync(owner.Memory[..length]);
            if (_header[0] == EngineProtocol.Data)
                return (owner, length, null);
            IsIdle = true;
            var payload = owner.Memory.Span[..length];
            if (_header[0] == EngineProtocol.Error)
                throw ClickHouseException.FromEngine(Encoding.UTF8.GetString(payload));
            var summary = JsonSerializer.Deserialize(payload, EngineJson.Default.EngineSummary);
            owner.Dispose();
            return (null, 0, summary);
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    public void Dispose() => socket.Dispose();

    private async Task SendAllAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, ct)..];
    }

    private async Task FillAsync(Memory<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var read = await socket.ReceiveAsync(buffer);
            if (read == 0)
                throw new IOException("the engine closed the connection");
            buffer = buffer[read..];
        }
    }
}
