using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Millrace.ClickHouse.Engine;

/// <summary>
/// Serves one connection of the front on a thread of its own: reads a request, runs it, answers. A query gets a fresh session
/// (a third of a millisecond), so nothing that one query sets is seen by the next, except where the front asks to keep the session.
/// </summary>
internal sealed unsafe class EngineConnection(LibChdb chdb, Socket socket, string dataDirectory) : IDisposable
{
    private static readonly Dictionary<string, string> NoParameters = new(StringComparer.Ordinal);

    // The engine copies what it is given: pieces keep the copy small.
    private const int AppendSize = 1 << 20;

    private nint* _session;

    /// <summary>Serves until the front closes the connection.</summary>
    internal void Run()
    {
        try
        {
            var header = new byte[EngineProtocol.RequestHeader];
            while (Fill(header))
            {
                var (headLength, bodyLength) = EngineProtocol.ReadRequestHeader(header);
                if (headLength > EngineProtocol.MaximumHead || bodyLength > (ulong)Array.MaxLength)
                    return;
                var head = new byte[headLength];
                var body = new byte[bodyLength];
                if (!Fill(head) || !Fill(body))
                    return;
                var request = JsonSerializer.Deserialize(head, EngineJson.Default.EngineRequest)!;
                if (request.Cancel is { } marker)
                    CancelQuery(marker);
                else
                    Answer(request, body);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or JsonException)
        {
            // The front went away, which also ends what it asked for.
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        if (_session is not null)
            chdb.Close(_session);
        _session = null;
        socket.Dispose();
    }

    private void Answer(EngineRequest request, byte[] body)
    {
        var isNew = _session is null;
        if (isNew)
            _session = Open();
        if (_session is null)
        {
            Send(EngineProtocol.Error, "Code: 1000. DB::Exception: The engine could not open a session."u8);
            return;
        }

        try
        {
            if (Prepare(*_session, request, isNew) is { } error)
                Send(EngineProtocol.Error, error);
            else if (request.InsertFormat is not null)
                AnswerInsert(*_session, request, body);
            else if (request.Streams)
                AnswerStream(*_session, request, body);
            else
                AnswerWhole(*_session, request, body);
        }
        finally
        {
            if (!request.KeepsSession)
            {
                chdb.Close(_session);
                _session = null;
            }
        }
    }

    // implicit_select makes chdb take any expression for a query; a ClickHouse server does not.
    private nint* Open() => chdb.Connect("clickhouse", "--path=" + dataDirectory, "--implicit_select=0");

    private byte[]? Prepare(nint connection, EngineRequest request, bool isNew)
    {
        if (isNew && request.Database.Length > 0 && request.Database != "default"
            && Execute(connection, $"USE `{request.Database.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal)}`") is { } unknown)
        {
            return unknown;
        }

        var set = new StringBuilder("SET log_comment = ").Append(Quote(request.Marker));
        foreach (var (name, value) in request.Settings)
            set.Append(", ").Append(name).Append(" = ").Append(Quote(value));
        return Execute(connection, set.ToString());
    }

    private byte[]? Execute(nint connection, string statement)
    {
        var result = chdb.Query(connection, Encoding.UTF8.GetBytes(statement), "TabSeparated", NoParameters);
        var error = chdb.Error(result);
        var copy = error.IsEmpty ? null : error.ToArray();
        if (result != 0)
            chdb.Destroy(result);
        return copy;
    }

    private void AnswerWhole(nint connection, EngineRequest request, byte[] body)
    {
        AnswerResult(chdb.Query(connection, body, request.Format, request.Parameters));
    }

    private void AnswerResult(nint result)
    {
        try
        {
            var error = chdb.Error(result);
            if (!error.IsEmpty)
            {
                Send(EngineProtocol.Error, error);
                return;
            }

            var data = chdb.Buffer(result);
            if (!data.IsEmpty)
                Send(EngineProtocol.Data, data);
            SendSummary(chdb.Summary(result));
        }
        finally
        {
            if (result != 0)
                chdb.Destroy(result);
        }
    }

    private void AnswerInsert(nint connection, EngineRequest request, byte[] body)
    {
        var insert = chdb.Insert(connection, body.AsSpan(0, request.StatementLength), request.InsertFormat!, request.Parameters);
        try
        {
            var isGood = chdb.InsertError(insert).IsEmpty;
            for (var at = request.DataOffset; isGood && at < body.Length; at += AppendSize)
                isGood = chdb.Append(insert, body.AsSpan(at, Math.Min(AppendSize, body.Length - at)));
            var error = chdb.InsertError(insert);
            if (!error.IsEmpty)
            {
                Send(EngineProtocol.Error, error);
                return;
            }

            AnswerResult(chdb.Done(insert));
        }
        finally
        {
            chdb.DestroyInsert(insert);
        }
    }

    private void AnswerStream(nint connection, EngineRequest request, byte[] body)
    {
        var stream = chdb.Stream(connection, body, request.Format, request.Parameters);
        var isOpen = true;
        try
        {
            var error = chdb.Error(stream);
            if (!error.IsEmpty)
            {
                isOpen = false;
                // The front guesses by the first word what can be fetched in chunks; the engine knows.
                if (error.IndexOf("Streaming query is not supported"u8) >= 0)
                    AnswerWhole(connection, request, body);
                else
                    Send(EngineProtocol.Error, error);
                return;
            }

            var total = new EngineSummary();
            bool failed;
            while (FetchOne(connection, stream, ref total, out failed))
            {
                // Each chunk is sent as it comes.
            }

            isOpen = false;
            if (!failed)
                SendSummary(total);
        }
        finally
        {
            if (stream != 0)
            {
                // The front went away in the middle: the query must not go on for nobody.
                if (isOpen)
                    chdb.Cancel(connection, stream);
                chdb.Destroy(stream);
            }
        }
    }

    private bool FetchOne(nint connection, nint stream, ref EngineSummary total, out bool failed)
    {
        var chunk = chdb.Fetch(connection, stream);
        try
        {
            var error = chdb.Error(chunk);
            failed = !error.IsEmpty;
            if (failed)
            {
                Send(EngineProtocol.Error, error);
                return false;
            }

            var data = chdb.Buffer(chunk);
            var summary = chdb.Summary(chunk);
            total = total with
            {
                // Storage counters are the query's so far, result counters the chunk's.
                ReadRows = Math.Max(total.ReadRows, summary.ReadRows),
                ReadBytes = Math.Max(total.ReadBytes, summary.ReadBytes),
                ResultRows = total.ResultRows + summary.ResultRows,
                ResultBytes = total.ResultBytes + summary.ResultBytes,
            };
            if (data.IsEmpty)
                return false;
            Send(EngineProtocol.Data, data);
            return true;
        }
        finally
        {
            if (chunk != 0)
                chdb.Destroy(chunk);
        }
    }

    // ASYNC: KILL QUERY … SYNC was seen to wait for ever in libchdb.
    private void CancelQuery(string marker)
    {
        var session = Open();
        if (session is not null)
        {
            Execute(*session, $"KILL QUERY WHERE Settings['log_comment'] = {Quote(marker)} ASYNC");
            chdb.Close(session);
        }

        SendSummary(new EngineSummary());
    }

    private static string Quote(string value) =>
        $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";

    private void SendSummary(EngineSummary summary) => Send(EngineProtocol.End, JsonSerializer.SerializeToUtf8Bytes(summary, EngineJson.Default.EngineSummary));

    private void Send(byte kind, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[EngineProtocol.FrameHeader];
        EngineProtocol.WriteFrameHeader(header, kind, payload.Length);
        SendAll(header);
        SendAll(payload);
    }

    private void SendAll(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[socket.Send(bytes)..];
    }

    private bool Fill(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var read = socket.Receive(buffer);
            if (read == 0)
                return false;
            buffer = buffer[read..];
        }

        return true;
    }
}
