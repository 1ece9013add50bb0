using System.CommandLine;
using Millrace.Cli.ConfigCheck;
using Millrace.Cli.Infrastructure;

namespace Millrace.Cli.Commands;

/// <summary><c>millrace config check</c>: says which part a configuration file is for, which keys it has, and what they will do.</summary>
internal static class ConfigCommand
{
    public static Command Create() => new Command("config", "Check configuration files before they are used.") { Check() }
        .WithExamples("millrace config check server.properties");

    private static Command Check()
    {
        var command = new Command("check", "Say which part a file is for, which keys it has, and what they will do; an unknown or contradictory key is an error with file, line and key.");
        var files = new Argument<string[]>("FILE") { Arity = ArgumentArity.OneOrMore };
        command.Arguments.Add(files);
        var json = command.AddJson();
        command.WithExamples("millrace config check server.properties producer.properties postgres-connector.json mm2.properties tables.sql");
        command.SetGuardedAction((parsed, _) =>
        {
            var printer = new Printer(parsed.GetValue(json));
            List<CheckedFile> results = [.. parsed.GetValue(files)!.Select(FileChecker.Check)];
            if (printer.IsJson)
            {
                Terminal.Out.WriteLine(Printer.ToJson(results));
            }
            else
            {
                foreach (var result in results) Print(result);
            }

            return Task.FromResult(results.Exists(static r => r.Errors.Count > 0) ? Boundary.Failed : 0);
        });
        return command;
    }

    private static void Print(CheckedFile file)
    {
        Terminal.Out.WriteLine($"{file.File}: {file.Part}");
        foreach (var setting in file.Settings) Terminal.Out.WriteLine($"  {(setting.Line > 0 ? $"{setting.Line,4}" : "    ")}  {setting.Key} = {setting.Value}{(setting.Effect.Length > 0 ? $"  – {setting.Effect}" : string.Empty)}");
        foreach (var note in file.Notes) Terminal.Out.WriteLine($"  note: {note}");
        foreach (var error in file.Errors) Terminal.Error.WriteLine($"  error: {error}");
    }
}
