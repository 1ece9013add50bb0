using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using Millrace.ClickHouse.Engine;

namespace Millrace.ClickHouse;

/// <summary>Runs a request's statements in the child and writes their results; sees to it that every query ends.</summary>
internal sealed class QueryRunner(ClickHouseOptions options, EngineSupervisor supervisor, SessionTable sessions, TimeProvider time)
{
    internal async Task RunAsync(QueryRequest request, ReadOnlyMemory<byte> script, ResponseWriter writer, CancellationToken ct)
    {
        foreach (var (name, value) in options.Settings)
            request.Settings.TryAdd(name, value);
        var limit = TimeLimit(request);
        var client = request.SessionId is { } session
            ? await sessions.RentAsync(session, request.SessionMustExist, ct)
            : await supervisor.RentAsync(ct);
        // Between the statements of a script the engine keeps what they set; nothing of it may be left for the connection's next request.
        var isClean = true;
        try
        {
            while (Script.Next(ref script, out var isLast) is { IsEmpty: false } statement)
            {
                isClean = isLast;
                await RunOneAsync(client, request, StatementGate.Admit(statement), writer, limit, isLast, ct);
            }
        }
        catch (Exception e) when (e is IOException or SocketException && !ct.IsCancellationRequested)
        {
            // Answer when it is really gone: a client that retries at once then meets the next engine, not the dying one.
            await client.Process.Exited.WaitAsync(options.HangGrace, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw EngineSupervisor.Unavailable(e);
        }
        finally
        {
            if (request.SessionId is { } held)
                sessions.Return(held, request.SessionTimeout);
            else
                supervisor.Return(client, isClean);
        }
    }

    private async Task RunOneAsync(EngineClient client, QueryRequest request, ReadOnlyMemory<byte> statement, ResponseWriter writer, TimeSpan limit, bool isLast, CancellationToken ct)
    {
        var shape = StatementShape.Of(statement.Span);
        var insert = InsertShape.Of(statement.Span);
        var format = shape.Format ?? request.DefaultFormat;
        var streams = ChunkedFormat.IsChunked(format, out var chunkHeader) && shape.Streams
            && (chunkHeader == ChunkHeader.None || !shape.HasExtras && !request.Settings.ContainsKey("extremes"));
        writer.Prepare(format, request.CompressesResponse ? request.ResponseEncoding : null, options.TimeZone);
        var head = new EngineRequest
        {
            Marker = $"{request.Id}#{Guid.NewGuid():N}",
            Database = request.Database,
            Format = request.DefaultFormat,
            Streams = streams,
            InsertFormat = insert?.Format,
            StatementLength = insert?.StatementLength ?? 0,
            DataOffset = insert?.DataOffset ?? 0,
            KeepsSession = !isLast || request.SessionId is not null,
            Settings = request.Settings,
            Parameters = request.Parameters,
        };
        await ExchangeAsync(client, head, statement, chunkHeader, request, writer, limit, isLast, ct);
    }

    private async Task ExchangeAsync(
        EngineClient client, EngineRequest head, ReadOnlyMemory<byte> statement, ChunkHeader chunkHeader, QueryRequest request, ResponseWriter writer, TimeSpan limit, bool isLast, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        // The engine keeps its own time limit. Only if that fails is the query cancelled from here, and if that fails too, the engine killed.
        using var overdue = new CancellationTokenSource(limit + options.HangGrace, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, overdue.Token);
        // The child reads a request whole before it begins, so a client that leaves now is noticed right after.
        await client.SendAsync(head, new ReadOnlySequence<byte>(statement), overdue.Token);
        var receiving = client.ReceiveAsync();
        var isFirst = true;
        try
        {
            while (true)
            {
                var (chunk, length, summary) = await receiving.WaitAsync(either.Token);
                if (chunk is null)
                {
                    if (isLast)
                        await writer.EndAsync(summary! with { ElapsedNanoseconds = (long)time.GetElapsedTime(started).TotalNanoseconds }, ct);
                    return;
                }

                using (chunk)
                {
                    var again = isFirst ? 0 : ChunkedFormat.HeaderLength(chunkHeader, chunk.Memory.Span[..length]);
                    await writer.WriteAsync(chunk.Memory[again..length], request.WaitsForEnd, ct);
                }

                isFirst = false;
                receiving = client.ReceiveAsync();
            }
        }
        catch (Exception e) when (either.IsCancellationRequested && !client.IsIdle)
        {
            await StopAsync(client, receiving, head, request.Id);
            ct.ThrowIfCancellationRequested();
            throw new ClickHouseException(
                ErrorCodes.TimeoutExceeded, "TIMEOUT_EXCEEDED", $"Timeout exceeded: the query did not end within {limit.TotalSeconds:0.###} seconds and was ended", e);
        }
    }

    // Cancels the query and waits for its end; a child that does not bring it to an end in time is killed.
    private async Task StopAsync(EngineClient client, Task<(IMemoryOwner<byte>? Chunk, int Length, EngineSummary? Summary)> receiving, EngineRequest head, string queryId)
    {
        using var patience = new CancellationTokenSource(options.HangGrace, time);
        try
        {
            if (receiving.IsCompletedSuccessfully)
                receiving = client.ReceiveAsync();
            // An INSERT has all its data and ends by itself in a moment: better whole than cut.
            if (head.InsertFormat is null)
                await supervisor.CancelAsync(head.Marker, patience.Token);
            while (await receiving.WaitAsync(patience.Token) is { Chunk: { } chunk })
            {
                chunk.Dispose();
                receiving = client.ReceiveAsync();
            }
        }
        catch (ClickHouseException)
        {
            // Its answer to the cancellation.
        }
        catch (OperationCanceledException)
        {
            supervisor.KillHung(client.Process, queryId);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The child has ended meanwhile.
        }
    }

    private TimeSpan TimeLimit(QueryRequest request)
    {
        if (!request.Settings.TryGetValue("max_execution_time", out var text))
        {
            request.Settings["max_execution_time"] = options.MaxExecutionTime.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
            return options.MaxExecutionTime;
        }

        // 0 is "no limit" in ClickHouse; here a day, so that even then nothing hangs for ever.
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.SecondsPerDay))
            : TimeSpan.FromDays(1);
    }
}
