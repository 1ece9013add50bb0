using System.Globalization;
using System.Text.RegularExpressions;

namespace Millrace.Protocol.Generator;

/// <summary>
/// Reads a message description:
/// <code>
/// api Heartbeat 12
///
/// request HeartbeatRequest versions 0-4, flexible 4+
///     GroupId: string
///     GroupInstanceId: string? 3+ = null
/// </code>
/// A field is <c>Name: type[[]][?[versions]] [versions] [tag N] [= default]</c>; a structure's fields follow it, indented by four; a
/// structure that appears again is only named. <c>#</c> begins a comment line.
/// </summary>
internal static class WireParser
{
    private const int Indent = 4;

    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    // Wall-clock time: on a machine that is busy a second can pass without a step.
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    private static readonly Regex MessageLine = new(
        @"^(?<kind>request|response|record) (?<name>\w+) versions (?<low>\d+)-(?<high>\d+), flexible ((?<flexible>\d+)\+|none)$", Options, Timeout);

    private static readonly Regex FieldLine = new(
        @"^(?<name>\w+): (?<type>\w+)(?<array>\[\])?(?<null>\?(?<nullable>[\d+-]+)?)?( (?<versions>\d+(-\d+|\+)?))?( tag (?<tag>\d+))?( = (?<default>.+))?$",
        Options, Timeout);

    private static readonly HashSet<string> Scalars =
        ["bool", "int8", "int16", "uint16", "int32", "int64", "float64", "uuid", "string", "bytes", "records", "error"];

    public static List<WireMessage> Parse(string text)
    {
        var messages = new List<WireMessage>();
        var open = new Stack<WireStruct>();
        string? api = null;
        var lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].TrimEnd();
            string trimmed = line.TrimStart();
            if (trimmed.Length == 0 || trimmed[0] == '#') continue;
            int depth = (line.Length - trimmed.Length) / Indent;
            if (depth > 0)
            {
                if (messages.Count == 0 || depth > open.Count) throw new WireSyntaxException(i, "this field belongs to no structure");
                while (open.Count > depth) open.Pop();
                ParseField(messages[messages.Count - 1], open, trimmed, i);
            }
            else if (trimmed.StartsWith("api ", StringComparison.Ordinal))
            {
                api = trimmed.Split(' ')[1];
            }
            else
            {
                var message = ParseMessage(trimmed, api, i);
                messages.Add(message);
                open.Clear();
                open.Push(message.Root);
            }
        }

        return messages;
    }

    private static WireMessage ParseMessage(string line, string? api, int lineNumber)
    {
        var match = MessageLine.Match(line);
        if (!match.Success) throw new WireSyntaxException(lineNumber, "expected 'request|response|record Name versions A-B, flexible C+|none'");
        var kind = (MessageKind)Enum.Parse(typeof(MessageKind), match.Groups["kind"].Value, ignoreCase: true);
        if (kind != MessageKind.Record && api is null) throw new WireSyntaxException(lineNumber, "an 'api Name Key' line must come before a request or response");
        int? flexible = match.Groups["flexible"].Success ? Number(match.Groups["flexible"].Value) : null;
        return new WireMessage(kind, match.Groups["name"].Value, api, new(Number(match.Groups["low"].Value), Number(match.Groups["high"].Value)), flexible);
    }

    private static void ParseField(WireMessage message, Stack<WireStruct> open, string line, int lineNumber)
    {
        var match = FieldLine.Match(line);
        if (!match.Success) throw new WireSyntaxException(lineNumber, "expected 'Name: type[[]][?[versions]] [versions] [tag N] [= default]'");
        string type = match.Groups["type"].Value;
        var field = new WireField
        {
            Name = match.Groups["name"].Value,
            IsArray = match.Groups["array"].Success,
            Versions = match.Groups["versions"].Success ? Range(match.Groups["versions"].Value) : message.Versions,
            Tag = match.Groups["tag"].Success ? Number(match.Groups["tag"].Value) : null,
            Default = match.Groups["default"].Success ? match.Groups["default"].Value : null,
        };
        if (match.Groups["null"].Success) field.Nullable = match.Groups["nullable"].Success ? Range(match.Groups["nullable"].Value) : message.Versions;
        open.Peek().Fields.Add(field);
        if (Scalars.Contains(type))
        {
            field.Scalar = type;
            return;
        }

        if (!char.IsUpper(type[0])) throw new WireSyntaxException(lineNumber, $"'{type}' is neither a scalar type nor a structure's name");
        var known = message.Structs.Find(s => s.Name == type);
        if (known is null)
        {
            known = new WireStruct(type);
            message.Structs.Add(known);
        }

        field.Struct = known;
        open.Push(known);
    }

    private static VersionRange Range(string text)
    {
        if (text.EndsWith("+", StringComparison.Ordinal)) return new(Number(text.Substring(0, text.Length - 1)), short.MaxValue);
        int dash = text.IndexOf('-');
        return dash < 0
            ? new(Number(text), Number(text))
            : new(Number(text.Substring(0, dash)), Number(text.Substring(dash + 1)));
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}

/// <summary>A description file breaks its own rules.</summary>
internal sealed class WireSyntaxException(int line, string message) : Exception(message)
{
    /// <summary>Gets the zero-based line.</summary>
    public int Line { get; } = line;
}
