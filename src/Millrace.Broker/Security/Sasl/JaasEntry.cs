using System.Text;

namespace Millrace.Broker.Security.Sasl;

/// <summary>The value of <c>sasl.jaas.config</c>: one login module, its flag, and options: <c>Module required name="value" … ;</c></summary>
/// <param name="Module">The login module's class.</param>
/// <param name="Options">Its options.</param>
internal sealed record JaasEntry(string Module, IReadOnlyDictionary<string, string> Options)
{
    /// <summary>Reads an entry.</summary>
    /// <exception cref="FormatException">It is none; the message shows no values, which may be passwords.</exception>
    public static JaasEntry Parse(string text)
    {
        int at = 0;
        string module = Word(text, ref at);
        string flag = Word(text, ref at);
        if (module.Length == 0 || flag is not ("required" or "requisite" or "sufficient" or "optional"))
            throw new FormatException("must be of the form: LOGIN_MODULE required NAME=\"VALUE\" …;");
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        while (true)
        {
            Skip(text, ref at);
            if (at >= text.Length) throw new FormatException("must end with a semicolon");
            if (text[at] == ';') break;
            string name = Word(text, ref at);
            Skip(text, ref at);
            if (name.Length == 0 || at >= text.Length || text[at] != '=') throw new FormatException($"after the option '{name}' there is no =\"VALUE\"");
            at++;
            options[name] = Word(text, ref at);
        }

        at++;
        Skip(text, ref at);
        return at == text.Length ? new(module, options) : throw new FormatException("must have one login module and end with its semicolon");
    }

    private static void Skip(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
    }

    private static string Word(string text, ref int at)
    {
        Skip(text, ref at);
        if (at >= text.Length) return "";
        if (text[at] is '"' or '\'') return Quoted(text, ref at);
        int start = at;
        while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] is not ('=' or ';' or '"')) at++;
        return text[start..at];
    }

    private static string Quoted(string text, ref int at)
    {
        char quote = text[at++];
        var word = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] == '\\' && at + 1 < text.Length) at++;
            word.Append(text[at++]);
        }

        if (at >= text.Length) throw new FormatException("a quotation mark is not closed");
        at++;
        return word.ToString();
    }
}
