using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace Millrace.Cli.Infrastructure;

/// <summary>Prints a result for people (a table) or for programs (JSON), never a mix of the two.</summary>
internal sealed class Printer(bool json)
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        // Terminals and pipes are not HTML: keep what people wrote readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions _line = new(_options) { WriteIndented = false };

    public bool IsJson => json;

    public static string ToJsonLine<T>(T value) => JsonSerializer.Serialize(value, _line);

    public static string ToJson<T>(T value) => JsonSerializer.Serialize(value, _options);

    /// <summary>One row per item; columns by name. As JSON: the items themselves.</summary>
    public void Print<T>(IReadOnlyCollection<T> items, string whenEmpty, params (string Column, Func<T, object?> Value)[] columns)
    {
        if (json)
        {
            Terminal.Out.WriteLine(ToJson(items));
            return;
        }

        if (items.Count == 0)
        {
            Terminal.Out.WriteLine(whenEmpty);
            return;
        }

        var table = new Table().Border(Terminal.IsOutputRedirected ? TableBorder.None : TableBorder.Rounded);
        foreach (var (column, _) in columns) table.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        foreach (var item in items) table.AddRow(columns.Select(c => Markup.Escape(c.Value(item)?.ToString() ?? "-")).ToArray());
        // A file or a pipe has no width: nothing is folded there.
        if (Terminal.IsOutputRedirected) AnsiConsole.Profile.Width = int.MaxValue / 2;
        AnsiConsole.Write(table);
    }

    /// <summary>One message for people, one object for programs.</summary>
    public void Print<T>(T value, string text) => Terminal.Out.WriteLine(json ? ToJson(value) : text);
}
