using System.Text.RegularExpressions;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Millrace.Connect.ClickHouse;

/// <summary>
/// Collects records for a moment and inserts them. Exactly once: each partition's batch is announced (<see cref="PartitionIntents"/>) before it is
/// inserted, and inserted under a token made of its offsets, so that a batch repeated after a crash is dropped by ClickHouse.
/// </summary>
internal sealed partial class ClickHouseSinkTask : ISinkTask
{
    // Each insert must be one block: a token stands for one.
    private static readonly Dictionary<string, string> InsertSettings = new(StringComparer.Ordinal)
    {
        ["async_insert"] = "0",
        ["max_insert_threads"] = "1",
        ["max_insert_block_size"] = "1048576",
        ["min_insert_block_size_rows"] = "1048576",
        ["input_format_parallel_parsing"] = "0",
        ["date_time_input_format"] = "best_effort",
        ["input_format_null_as_default"] = "1",
        ["deduplicate_blocks_in_dependent_materialized_views"] = "1",
    };

    private readonly Dictionary<TopicPartition, PartitionBuffer> _buffers = [];
    private readonly Dictionary<string, TableShape> _tables = new(StringComparer.Ordinal);
    private SinkSettings _settings = null!;
    private SinkTaskContext _context = null!;
    private ClickHouseTarget _target = null!;
    private RowBuilder _builder = null!;
    private PartitionIntents? _intents;
    private ILogger _logger = null!;
    private long _rows;
    private long _inserts;
    private long _repeated;
    private long _ignoredDeletes;

    public IReadOnlyDictionary<string, object?> Metrics => new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["rows"] = _rows,
        ["inserts"] = _inserts,
        ["records-skipped-as-written"] = _repeated,
        ["deletes-ignored"] = _ignoredDeletes,
        ["rows-waiting"] = _buffers.Values.Sum(static buffer => buffer.Rows.Count + buffer.SealedRows.Count),
    };

    public async ValueTask StartAsync(SinkTaskContext context, IReadOnlyDictionary<string, string> config, CancellationToken cancellationToken)
    {
        _context = context;
        _settings = SinkSettings.Parse(config);
        _logger = context.LoggerFactory.CreateLogger<ClickHouseSinkTask>();
        _target = new ClickHouseTarget(_settings);
        _builder = new RowBuilder(_settings);
        if (_settings.IsExactlyOnce)
        {
            _intents = new PartitionIntents(_target, context.ConnectorName);
            await TryAsync(() => _intents.CreateAsync(cancellationToken));
        }
    }

    public async ValueTask OpenAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        var intents = _intents is null ? [] : await TryAsync(() => _intents.ReadAsync(cancellationToken));
        foreach (var partition in partitions)
            _buffers[partition] = new PartitionBuffer(partition) { Unsettled = intents.TryGetValue(partition, out var range) ? range : null };
    }

    public ValueTask CloseAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        // What was not written is not committed either: the next owner makes the same batches again.
        foreach (var partition in partitions)
            _buffers.Remove(partition);
        return ValueTask.CompletedTask;
    }

    public async ValueTask PutAsync(IReadOnlyList<SinkRecord> records, CancellationToken cancellationToken)
    {
        foreach (var record in records)
            await TakeAsync(record, cancellationToken);
        var isDue = _buffers.Values.Any(buffer => buffer.Sealed is not null
            || (buffer.FirstOffset is not null && (buffer.Rows.Count >= _settings.MaxRows || _context.TimeProvider.GetElapsedTime(buffer.Since) >= _settings.Linger)));
        if (isDue)
            await WriteAsync(cancellationToken);
    }

    public async ValueTask<IReadOnlyDictionary<TopicPartition, long>> PreCommitAsync(IReadOnlyDictionary<TopicPartition, long> currentOffsets, CancellationToken cancellationToken)
    {
        await WriteAsync(cancellationToken);
        var safe = new Dictionary<TopicPartition, long>();
        foreach (var (partition, offset) in currentOffsets)
        {
            var buffer = _buffers.GetValueOrDefault(partition);
            safe[partition] = Math.Min(offset, buffer?.Sealed?.First ?? buffer?.FirstOffset ?? offset);
        }

        return safe;
    }

    public ValueTask DisposeAsync()
    {
        _target?.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task TakeAsync(SinkRecord record, CancellationToken ct)
    {
        var partition = new TopicPartition(record.OriginalTopic, record.OriginalPartition);
        if (!_buffers.TryGetValue(partition, out var buffer))
            _buffers[partition] = buffer = new PartitionBuffer(partition);
        // Delivered again after a failure, while it waits here.
        if (record.Offset <= buffer.LastOffset)
            return;
        if (buffer.Unsettled is { } unsettled)
        {
            if (record.Offset < unsettled.First)
            {
                // A later batch was begun, so this one was finished.
                if (_repeated++ == 0)
                    LogSkips(partition.Topic, partition.Partition.Value, record.Offset, unsettled.First);
                buffer.LastOffset = record.Offset;
                return;
            }

            // The batch ends here; what is beyond it belongs to another one.
            if (record.Offset > unsettled.Last)
            {
                buffer.LastOffset = Math.Max(buffer.LastOffset, unsettled.Last);
                await WriteAsync(ct);
                buffer.Unsettled = null;
            }
        }

        await AddAsync(buffer, record, ct);
        if (buffer.FirstOffset is null)
        {
            buffer.FirstOffset = record.Offset;
            buffer.Since = _context.TimeProvider.GetTimestamp();
        }

        buffer.LastOffset = record.Offset;
        if (buffer.Unsettled is { } range && record.Offset == range.Last)
            await WriteAsync(ct);
    }

    private async Task AddAsync(PartitionBuffer buffer, SinkRecord record, CancellationToken ct)
    {
        var table = await TableAsync(record.Topic, ct);
        try
        {
            switch (_builder.Build(record, table))
            {
                case { } row:
                    buffer.Rows.Add(new PendingRow(record, table, row));
                    break;
                case null when record.Value is not null && _ignoredDeletes++ == 0:
                    LogDeletesIgnored(table.Name, RowBuilder.DeletedColumn);
                    break;
            }
        }
        catch (DataException e)
        {
            await _context.ReportAsync(record, Locate(record, table, e), ct);
        }
    }

    private async Task<TableShape> TableAsync(string topic, CancellationToken ct)
    {
        if (_tables.TryGetValue(topic, out var known))
            return known;
        var name = _settings.Tables.GetValueOrDefault(topic, topic);
        var shape = await TryAsync(() => TableShape.DescribeAsync(_target, name, topic, _settings.IsExactlyOnce, ct));
        return _tables[topic] = shape;
    }

    /// <summary>Writes all that can be written: intents first, then each partition's batch.</summary>
    private async Task WriteAsync(CancellationToken ct)
    {
        if (_intents is null)
        {
            await WriteAtLeastOnceAsync(ct);
            return;
        }

        var ready = _buffers.Values.Where(static buffer => buffer.Sealed is null && buffer.FirstOffset is not null && !buffer.IsGathering).ToList();
        if (ready.Count > 0)
        {
            // An unsettled batch keeps its range, even if fewer records are left of it.
            var ranges = ready.Select(static buffer => (buffer.Partition, Range: buffer.Unsettled ?? new OffsetRange(buffer.FirstOffset!.Value, buffer.LastOffset))).ToList();
            await TryAsync(() => _intents.WriteAsync(ranges, ct));
            for (var i = 0; i < ready.Count; i++)
                (ready[i].Sealed, ready[i].SealedRows, ready[i].Rows, ready[i].FirstOffset, ready[i].Unsettled) = (ranges[i].Range, ready[i].Rows, [], null, null);
        }

        foreach (var buffer in _buffers.Values)
        {
            if (buffer.Sealed is not { } range)
                continue;
            await InsertAsync(buffer.SealedRows, _intents.Token(buffer.Partition, range), ct);
            (buffer.Sealed, buffer.SealedRows) = (null, []);
        }
    }

    private async Task WriteAtLeastOnceAsync(CancellationToken ct)
    {
        var rows = _buffers.Values.SelectMany(static buffer => buffer.Rows).ToList();
        if (rows.Count > 0)
            await InsertAsync(rows, token: null, ct);
        foreach (var buffer in _buffers.Values)
            (buffer.Rows, buffer.FirstOffset) = ([], null);
    }

    private async Task InsertAsync(List<PendingRow> rows, string? token, CancellationToken ct)
    {
        foreach (var group in rows.GroupBy(static row => row.Table).ToList())
            await InsertAsync([.. group], group.Key, token, ct);
    }

    private async Task InsertAsync(List<PendingRow> rows, TableShape table, string? token, CancellationToken ct)
    {
        var settings = new Dictionary<string, string>(InsertSettings, StringComparer.Ordinal);
        foreach (var (name, value) in _settings.ServerSettings)
            settings[name] = value;
        if (token is not null)
            settings["insert_deduplication_token"] = token;
        while (rows.Count > 0)
        {
            try
            {
                await _target.InsertAsync(table.Insert, settings, Join(rows), ct);
                _rows += rows.Count;
                _inserts++;
                return;
            }
            catch (ClickHouseTargetException e) when (e.IsRetriable)
            {
                throw new RetriableException($"{e.Message} ({rows.Count} rows for {table.Name} wait)", e);
            }
            catch (ClickHouseTargetException e)
            {
                // The table may have been changed: the next record sees it as it is then.
                _tables.Clear();
                if (BadRow(e.Message) is not { } bad || bad >= rows.Count)
                    throw new ConnectException($"{rows.Count} rows for the table {table.Name} were refused. {e.Message}", e);
                // Nothing of the insert was written: it goes again without the row that ClickHouse names.
                await _context.ReportAsync(rows[bad].Record, Locate(rows[bad].Record, table, e), ct);
                rows.RemoveAt(bad);
            }
        }
    }

    private static byte[] Join(List<PendingRow> rows)
    {
        var all = new byte[rows.Sum(static row => row.Json.Length)];
        var at = 0;
        foreach (var row in rows)
        {
            row.Json.CopyTo(all, at);
            at += row.Json.Length;
        }

        return all;
    }

    private static int? BadRow(string message) => RowNumber().Match(message) is { Success: true } match ? int.Parse(match.Groups["row"].ValueSpan) - 1 : null;

    private static DataException Locate(SinkRecord record, TableShape table, Exception error) =>
        new($"Record {record.OriginalTopic}-{record.OriginalPartition} offset {record.Offset} does not fit the table {table.Name}: {error.Message}", error);

    private static async Task TryAsync(Func<Task> action) => await TryAsync(async () =>
    {
        await action();
        return true;
    });

    private static async Task<T> TryAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (ClickHouseTargetException e)
        {
            throw e.IsRetriable ? new RetriableException(e.Message, e) : new ConnectException(e.Message, e);
        }
    }

    [GeneratedRegex(@"at row (?<row>\d+)\)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex RowNumber();

    [LoggerMessage(4700, LogLevel.Warning, "{Topic}-{Partition}: records from offset {Offset} up to {First} are in ClickHouse already and are skipped. If the topic was made anew, delete its row from millrace_connect_state")]
    private partial void LogSkips(string topic, int partition, long offset, long first);

    [LoggerMessage(4701, LogLevel.Warning, "Deletes are not written to {Table}, which has no column {Column}")]
    private partial void LogDeletesIgnored(string table, string column);
}
