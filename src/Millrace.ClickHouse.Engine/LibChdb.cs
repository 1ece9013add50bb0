using System.Runtime.InteropServices;

namespace Millrace.ClickHouse.Engine;

/// <summary>libchdb's stable C interface: the functions that are used, by their exported names.</summary>
internal sealed unsafe class LibChdb
{
    private readonly delegate* unmanaged<int, byte**, nint*> _connect;
    private readonly delegate* unmanaged<nint*, void> _close;
    private readonly delegate* unmanaged<nint, byte*, nuint, byte*, nuint, byte**, nuint*, byte**, nuint*, nuint, nint> _query;
    private readonly delegate* unmanaged<nint, byte*, nuint, byte*, nuint, byte**, nuint*, byte**, nuint*, nuint, nint> _stream;
    private readonly delegate* unmanaged<nint, nint, nint> _fetch;
    private readonly delegate* unmanaged<nint, nint, void> _cancel;
    private readonly delegate* unmanaged<nint, void> _destroy;
    private readonly delegate* unmanaged<nint, byte*, nuint, byte*, nuint, byte**, nuint*, byte**, nuint*, nuint, nint> _insert;
    private readonly delegate* unmanaged<nint, byte*, nuint, int> _append;
    private readonly delegate* unmanaged<nint, nint> _done;
    private readonly delegate* unmanaged<nint, byte*> _insertError;
    private readonly delegate* unmanaged<nint, void> _destroyInsert;
    private readonly delegate* unmanaged<nint, byte*> _error;
    private readonly delegate* unmanaged<nint, byte*> _buffer;
    private readonly delegate* unmanaged<nint, nuint> _length;
    private readonly delegate* unmanaged<nint, ulong> _rows;
    private readonly delegate* unmanaged<nint, ulong> _bytes;
    private readonly delegate* unmanaged<nint, ulong> _storageRows;
    private readonly delegate* unmanaged<nint, ulong> _storageBytes;
    private readonly delegate* unmanaged<nint, ulong> _writtenRows;
    private readonly delegate* unmanaged<nint, ulong> _writtenBytes;

    internal LibChdb(string path)
    {
        var library = NativeLibrary.Load(path);
        _connect = (delegate* unmanaged<int, byte**, nint*>)NativeLibrary.GetExport(library, "chdb_connect");
        _close = (delegate* unmanaged<nint*, void>)NativeLibrary.GetExport(library, "chdb_close_conn");
        _query = (delegate* unmanaged<nint, byte*, nuint, byte*, nuint, byte**, nuint*, byte**, nuint*, nuint, nint>)NativeLibrary.GetExport(library, "chdb_query_with_params_n");
        _stream = (delegate* unmanaged<nint, byte*, nuint, byte*, nuint, byte**, nuint*, byte**, nuint*, nuint, nint>)NativeLibrary.GetExport(library, "chdb_stream_query_with_params_n");
        _fetch = (delegate* unmanaged<nint, nint, nint>)NativeLibrary.GetExport(library, "chdb_stream_fetch_result");
        _cancel = (delegate* unmanaged<nint, nint, void>)NativeLibrary.GetExport(library, "chdb_stream_cancel_query");
        _destroy = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(library, "chdb_destroy_query_result");
        _insert = (delegate* unmanaged<nint, byte*, nuint, byte*, nuint, byte**, nuint*, byte**, nuint*, nuint, nint>)NativeLibrary.GetExport(library, "chdb_stream_insert_with_params_n");
        _append = (delegate* unmanaged<nint, byte*, nuint, int>)NativeLibrary.GetExport(library, "chdb_stream_append");
        _done = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(library, "chdb_stream_done");
        _insertError = (delegate* unmanaged<nint, byte*>)NativeLibrary.GetExport(library, "chdb_stream_insert_error");
        _destroyInsert = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(library, "chdb_destroy_insert_stream");
        _error = (delegate* unmanaged<nint, byte*>)NativeLibrary.GetExport(library, "chdb_result_error");
        _buffer = (delegate* unmanaged<nint, byte*>)NativeLibrary.GetExport(library, "chdb_result_buffer");
        _length = (delegate* unmanaged<nint, nuint>)NativeLibrary.GetExport(library, "chdb_result_length");
        _rows = Counter(library, "chdb_result_rows_read");
        _bytes = Counter(library, "chdb_result_bytes_read");
        _storageRows = Counter(library, "chdb_result_storage_rows_read");
        _storageBytes = Counter(library, "chdb_result_storage_bytes_read");
        _writtenRows = Counter(library, "chdb_result_rows_written");
        _writtenBytes = Counter(library, "chdb_result_bytes_written");
    }

    /// <summary>Opens a connection: a session of its own; several may run queries at the same time.</summary>
    internal nint* Connect(params ReadOnlySpan<string> arguments)
    {
        var values = stackalloc byte*[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
            values[i] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i]);
        try
        {
            return _connect(arguments.Length, values);
        }
        finally
        {
            for (var i = 0; i < arguments.Length; i++)
                Marshal.FreeCoTaskMem((nint)values[i]);
        }
    }

    internal void Close(nint* connection) => _close(connection);

    /// <summary>Runs a query to its end.</summary>
    internal nint Query(nint connection, ReadOnlySpan<byte> query, string format, IReadOnlyDictionary<string, string> parameters) =>
        Call(_query, connection, query, format, parameters);

    /// <summary>Starts a query whose result is fetched with <see cref="Fetch"/>.</summary>
    internal nint Stream(nint connection, ReadOnlySpan<byte> query, string format, IReadOnlyDictionary<string, string> parameters) =>
        Call(_stream, connection, query, format, parameters);

    internal nint Fetch(nint connection, nint stream) => _fetch(connection, stream);

    internal void Cancel(nint connection, nint stream) => _cancel(connection, stream);

    internal void Destroy(nint result) => _destroy(result);

    /// <summary>Starts an INSERT whose data are given with <see cref="Append"/>.</summary>
    internal nint Insert(nint connection, ReadOnlySpan<byte> statement, string format, IReadOnlyDictionary<string, string> parameters) =>
        Call(_insert, connection, statement, format, parameters);

    /// <summary>Gives the INSERT more data.</summary>
    /// <returns>False if it has failed.</returns>
    internal bool Append(nint insert, ReadOnlySpan<byte> data)
    {
        fixed (byte* at = data)
            return _append(insert, at, (nuint)data.Length) == 0;
    }

    /// <summary>Ends the INSERT's data and commits them.</summary>
    internal nint Done(nint insert) => _done(insert);

    internal ReadOnlySpan<byte> InsertError(nint insert)
    {
        var text = _insertError(insert);
        return text is null ? default : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
    }

    internal void DestroyInsert(nint insert) => _destroyInsert(insert);

    internal ReadOnlySpan<byte> Error(nint result)
    {
        if (result == 0)
            return "Code: 1001. DB::Exception: The engine gave no result."u8;
        var text = _error(result);
        return text is null ? default : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
    }

    internal ReadOnlySpan<byte> Buffer(nint result)
    {
        var length = _length(result);
        return length == 0 ? default : new ReadOnlySpan<byte>(_buffer(result), checked((int)length));
    }

    internal EngineSummary Summary(nint result) => new()
    {
        ReadRows = (long)_storageRows(result),
        ReadBytes = (long)_storageBytes(result),
        WrittenRows = (long)_writtenRows(result),
        WrittenBytes = (long)_writtenBytes(result),
        ResultRows = (long)_rows(result),
        ResultBytes = (long)_bytes(result),
    };

    private static delegate* unmanaged<nint, ulong> Counter(nint library, string name) => (delegate* unmanaged<nint, ulong>)NativeLibrary.GetExport(library, name);

    private static nint Call(
        delegate* unmanaged<nint, byte*, nuint, byte*, nuint, byte**, nuint*, byte**, nuint*, nuint, nint> function,
        nint connection, ReadOnlySpan<byte> query, string format, IReadOnlyDictionary<string, string> parameters)
    {
        var count = parameters.Count;
        using var texts = new NativeTexts(1 + (2 * count));
        texts.Add(format);
        foreach (var (name, value) in parameters)
        {
            texts.Add(name);
            texts.Add(value);
        }

        var names = new byte*[count + 1];
        var nameLengths = new nuint[count + 1];
        var values = new byte*[count + 1];
        var valueLengths = new nuint[count + 1];
        for (var i = 0; i < count; i++)
        {
            names[i] = texts.Text(1 + (2 * i));
            nameLengths[i] = texts.Length(1 + (2 * i));
            values[i] = texts.Text(2 + (2 * i));
            valueLengths[i] = texts.Length(2 + (2 * i));
        }

        fixed (byte* text = query)
        fixed (byte** namesAt = names, valuesAt = values)
        fixed (nuint* nameLengthsAt = nameLengths, valueLengthsAt = valueLengths)
        {
            return function(connection, text, (nuint)query.Length, texts.Text(0), texts.Length(0), namesAt, nameLengthsAt, valuesAt, valueLengthsAt, (nuint)count);
        }
    }
}
