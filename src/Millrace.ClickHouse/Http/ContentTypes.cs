namespace Millrace.ClickHouse;

/// <summary>The media type of each output format, as ClickHouse's formats state them.</summary>
internal static class ContentTypes
{
    internal static string Of(string format) => format switch
    {
        "JSON" or "JSONStrings" or "JSONCompact" or "JSONCompactStrings" or "JSONColumns" or "JSONCompactColumns" or "JSONColumnsWithMetadata"
            or "JSONObjectEachRow" => "application/json; charset=UTF-8",
        _ when format.StartsWith("JSON", StringComparison.Ordinal) => "application/x-ndjson; charset=UTF-8",
        "CSV" or "CSVWithNames" or "CSVWithNamesAndTypes" => "text/csv; charset=UTF-8; header=" + (format == "CSV" ? "absent" : "present"),
        _ when format.StartsWith("TabSeparated", StringComparison.Ordinal) || format.StartsWith("TSV", StringComparison.Ordinal) => "text/tab-separated-values; charset=UTF-8",
        "XML" => "application/xml; charset=UTF-8",
        "Markdown" => "text/markdown; charset=UTF-8",
        "Native" or "Parquet" or "Arrow" or "ArrowStream" or "ORC" or "Avro" or "MsgPack" or "Protobuf" or "ProtobufSingle" or "ProtobufList"
            or "BSONEachRow" or "Npy" or "CapnProto" => "application/octet-stream",
        _ when format.StartsWith("RowBinary", StringComparison.Ordinal) => "application/octet-stream",
        _ => "text/plain; charset=UTF-8",
    };
}
