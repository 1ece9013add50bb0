using System.Text.RegularExpressions;
using Millrace.Connect.Postgres.Catalog;

namespace Millrace.Connect.Postgres.Configuration;

/// <summary><c>message.key.columns</c>: columns that make the key of a table's events instead of its primary key.</summary>
internal sealed class KeyColumns
{
    private readonly (Regex Table, string[] Columns)[] _rules;

    internal KeyColumns(string text) => _rules =
    [
        .. text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(rule =>
        {
            var colon = rule.LastIndexOf(':');
            var columns = rule[(colon + 1)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            return colon > 0 && columns.Length > 0 ? (TableFilter.Compile(rule[..colon]), columns) : throw new ArgumentException($"\"{rule}\" is not of the form schema.table:column,column");
        }),
    ];

    internal static string? Validate(string text)
    {
        try
        {
            _ = new KeyColumns(text);
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }

    internal string[]? For(TableId table) => Array.Find(_rules, r => r.Table.IsMatch(table.ToString())).Columns;
}
