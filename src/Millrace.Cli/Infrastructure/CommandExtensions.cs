using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Millrace.Cli.Infrastructure;

/// <summary>What every command of this program has: options that the environment can set, and a help text that ends with examples.</summary>
internal static class CommandExtensions
{
    /// <summary>
    /// Adds an option whose value comes from the command line, else from <c>MILLRACE_&lt;COMMAND&gt;_&lt;OPTION&gt;</c>, else from
    /// <c>MILLRACE_&lt;OPTION&gt;</c>, else from <paramref name="fallback"/>. An option that means something else in each command has only the variable of
    /// its command (<paramref name="ofCommand"/>): two servers must not share a data directory because of one variable.
    /// </summary>
    public static EnvironmentOption<T> AddOption<T>(this Command command, string name, string description, T fallback, string? valueName = null, Func<string, T>? parse = null, bool ofCommand = false)
    {
        var variables = EnvironmentNames(command.Name, name, ofCommand);
        Variables.Add(variables);
        var option = new EnvironmentOption<T>(name, variables) { HelpName = valueName ?? (typeof(T) == typeof(bool) ? null : "VALUE") };
        option.Description = $"{description} [env: {variables[^1]}]";
        Func<string, T> read = parse ?? (typeof(T) == typeof(bool) ? static t => (T)(object)ParseFlag(t) : static t => (T)Convert.ChangeType(t, typeof(T), CultureInfo.InvariantCulture));
        option.DefaultValueFactory = result => option.Variable is { } variable ? Parse(result, Environment.GetEnvironmentVariable(variable)!, variable, read) : fallback;
        // A flag may stand alone: --json is --json true.
        option.CustomParser = result => Parse(result, result.Tokens is [var token, ..] ? token.Value : typeof(T) == typeof(bool) ? bool.TrueString : string.Empty, name, read);

        command.Options.Add(option);
        return option;

        static T Parse(ArgumentResult result, string text, string source, Func<string, T> parse)
        {
            try
            {
                return parse(text);
            }
            catch (Exception e) when (e is FormatException or InvalidCastException or OverflowException or ArgumentException)
            {
                result.AddError($"{source}: '{text}' is not understood: {e.Message}");
                return default!;
            }
        }
    }

    /// <summary>Lets an option's text be empty: <c>--connect-url=</c>.</summary>
    public static EnvironmentOption<string> MayBeEmpty(this EnvironmentOption<string> option)
    {
        option.Arity = ArgumentArity.ZeroOrOne;
        return option;
    }

    /// <summary>Ends the help of a command with examples.</summary>
    public static Command WithExamples(this Command command, params string[] examples)
    {
        command.Options.Add(new HelpOption { Action = new HelpWithExamples(examples) });
        return command;
    }

    // Variables are written as people write them: MILLRACE_JSON=1.
    private static bool ParseFlag(string text) => text.ToLowerInvariant() switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        _ => throw new FormatException("true, false, 1 or 0 is expected"),
    };

    private static string[] EnvironmentNames(string command, string option, bool ofCommand)
    {
        var name = option.TrimStart('-').Replace('-', '_').ToUpperInvariant();
        var special = $"MILLRACE_{command.Replace('-', '_').ToUpperInvariant()}_{name}";
        return ofCommand ? [special] : [special, $"MILLRACE_{name}"];
    }

    private sealed class HelpWithExamples(string[] examples) : SynchronousCommandLineAction
    {
        private readonly HelpAction _help = new();

        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var code = _help.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine(examples.Length == 1 ? "Example:" : "Examples:");
            foreach (var example in examples) output.WriteLine($"  {example}");
            output.WriteLine();
            return code;
        }
    }
}
