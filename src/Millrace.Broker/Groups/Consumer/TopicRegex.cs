using System.Text;
using System.Text.RegularExpressions;

namespace Millrace.Broker.Groups.Consumer;

/// <summary>
/// A subscription by regular expression (KIP-848): RE2's syntax, run by .NET's engine without backtracking, so that both take linear time. What .NET knows and RE2
/// does not is refused; what RE2 writes in another way is translated. Topic names are ASCII, so Unicode classes cannot differ.
/// </summary>
internal sealed class TopicRegex
{
    private static readonly Dictionary<string, string> PosixClasses = new(StringComparer.Ordinal)
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["ascii"] = @"\x00-\x7F",
        ["blank"] = @"\t ",
        ["cntrl"] = @"\x00-\x1F\x7F",
        ["digit"] = "0-9",
        ["graph"] = "!-~",
        ["lower"] = "a-z",
        ["print"] = " -~",
        ["punct"] = @"!-/:-@\[-`{-~",
        ["space"] = @"\t\n\v\f\r ",
        ["upper"] = "A-Z",
        ["word"] = "0-9A-Za-z_",
        ["xdigit"] = "0-9A-Fa-f",
    };

    private readonly Regex _regex;

    private TopicRegex(Regex regex) => _regex = regex;

    /// <summary>Whether the whole name matches.</summary>
    public bool Matches(string topic) => _regex.IsMatch(topic);

    /// <summary>Compiles an expression.</summary>
    /// <returns>Null if it is not one; then <paramref name="problem"/> says why.</returns>
    public static TopicRegex? TryParse(string pattern, out string problem)
    {
        problem = "";
        try
        {
            return new TopicRegex(new Regex(@"\A(?:" + Translate(pattern) + @")\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
        }
        catch (FormatException e)
        {
            problem = e.Message;
        }
        catch (ArgumentException e)
        {
            problem = e.Message;
        }
        catch (NotSupportedException)
        {
            problem = "look-around, back-references and atomic groups are not part of RE2's syntax, or the expression is too large";
        }

        return null;
    }

    private static string Translate(string pattern)
    {
        var result = new StringBuilder(pattern.Length + 16);
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\')
            {
                i = Escape(pattern, i, result, inClass);
            }
            else if (inClass)
            {
                i = InClass(pattern, i, result, ref inClass);
            }
            else if (c == '[')
            {
                inClass = true;
                result.Append(c);
                i = ClassStart(pattern, i, result);
            }
            else if (c == '(' && i + 1 < pattern.Length && pattern[i + 1] == '?')
            {
                i = Group(pattern, i, result);
            }
            else
            {
                result.Append(c);
            }
        }

        if (inClass) throw new FormatException("missing closing ]");
        return result.ToString();
    }

    // A closing bracket right after the opening one (or after ^) is a character.
    private static int ClassStart(string pattern, int i, StringBuilder result)
    {
        if (i + 1 < pattern.Length && pattern[i + 1] == '^') result.Append(pattern[++i]);
        if (i + 1 >= pattern.Length || pattern[i + 1] != ']') return i;
        result.Append(@"\]");
        return i + 1;
    }

    private static int InClass(string pattern, int i, StringBuilder result, ref bool inClass)
    {
        var c = pattern[i];
        if (c == '[' && i + 1 < pattern.Length && pattern[i + 1] == ':')
        {
            var end = pattern.IndexOf(":]", i + 2, StringComparison.Ordinal);
            if (end >= 0)
            {
                var name = pattern[(i + 2)..end];
                if (!PosixClasses.TryGetValue(name, out var set)) throw new FormatException($"invalid character class range: `[:{name}:]`");
                result.Append(set);
                return end + 1;
            }
        }

        inClass = c != ']';
        // Inside brackets .NET would read "-[" as a subtraction.
        result.Append(c == '[' ? @"\[" : c.ToString());
        return i;
    }

    private static int Escape(string pattern, int i, StringBuilder result, bool inClass)
    {
        if (i + 1 >= pattern.Length) throw new FormatException(@"trailing backslash at end of expression: `\`");
        var c = pattern[i + 1];
        switch (c)
        {
            case 'Q' when !inClass:
                var end = pattern.IndexOf(@"\E", i + 2, StringComparison.Ordinal);
                result.Append(Regex.Escape(end < 0 ? pattern[(i + 2)..] : pattern[(i + 2)..end]).Replace("]", @"\]", StringComparison.Ordinal));
                return end < 0 ? pattern.Length - 1 : end + 1;
            case 'C' when !inClass:
                result.Append(@"[\s\S]");
                return i + 1;
            case 'p' or 'P' when i + 2 < pattern.Length && pattern[i + 2] != '{':
                result.Append($@"\{c}{{{pattern[i + 2]}}}");
                return i + 2;
            case 'x' when i + 2 < pattern.Length && pattern[i + 2] == '{':
                var close = pattern.IndexOf('}', i + 3);
                if (close < 0 || !int.TryParse(pattern.AsSpan(i + 3, close - i - 3), System.Globalization.NumberStyles.HexNumber, null, out var code) || code > char.MaxValue)
                    throw new FormatException($@"invalid escape sequence: `\x{{`");
                result.Append($@"\u{code:X4}");
                return close;
            case >= '1' and <= '9' or 'u' or 'e' or 'c' or 'k' or 'Z' or 'G':
                throw new FormatException($@"invalid escape sequence: `\{c}`");
            default:
                result.Append('\\').Append(c);
                return i + 1;
        }
    }

    private static int Group(string pattern, int i, StringBuilder result)
    {
        var rest = pattern.AsSpan(i + 2);
        if (rest.StartsWith("P<"))
        {
            result.Append("(?<");
            return i + 3;
        }

        if (rest.StartsWith("<") && rest.Length > 1 && rest[1] is not ('=' or '!'))
        {
            result.Append("(?<");
            return i + 2;
        }

        // Flags: RE2 has i, m, s and U (ungreedy), which changes nothing where the whole name must match.
        var end = rest.IndexOfAny(':', ')');
        if (end < 0) throw new FormatException("missing closing )");
        var flags = rest[..end];
        if (flags.IndexOfAnyExcept("imsU-") >= 0) throw new FormatException($"invalid or unsupported Perl syntax: `(?{(flags.IsEmpty ? "" : flags[..1])}`");
        var known = flags.ToString().Replace("U", "", StringComparison.Ordinal).TrimEnd('-');
        if (known.Length > 0 || rest[end] == ':') result.Append("(?").Append(known).Append(rest[end]);
        return i + 2 + end;
    }
}
