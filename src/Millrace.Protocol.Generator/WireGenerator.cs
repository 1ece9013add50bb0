using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Millrace.Protocol.Generator;

/// <summary>Turns every <c>*.wire</c> description into message classes, and lists them all in one catalogue.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class WireGenerator : IIncrementalGenerator
{
    private static readonly DiagnosticDescriptor SyntaxError = new(
        "MRW001", "Message description", "{0}", "Millrace.Protocol", DiagnosticSeverity.Error, isEnabledByDefault: true);

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var files = context.AdditionalTextsProvider
            .Where(static file => file.Path.EndsWith(".wire", StringComparison.Ordinal))
            .Select(static (file, cancellation) => (file.Path, Text: file.GetText(cancellation)?.ToString() ?? ""));
        context.RegisterSourceOutput(files, static (output, file) => EmitFile(output, file.Path, file.Text));
        context.RegisterSourceOutput(files.Collect(), static (output, all) =>
        {
            var messages = new List<WireMessage>();
            foreach (var (_, text) in all)
            {
                try
                {
                    messages.AddRange(WireParser.Parse(text));
                }
                catch (WireSyntaxException)
                {
                    // Reported where the file itself is emitted.
                }
            }

            output.AddSource("MessageCatalog.g.cs", SourceText.From(CatalogEmitter.Emit(messages), Encoding.UTF8));
        });
    }

    private static void EmitFile(SourceProductionContext output, string path, string text)
    {
        try
        {
            foreach (var message in WireParser.Parse(text))
                output.AddSource(message.Name + ".g.cs", SourceText.From(new MessageEmitter(message).Emit(), Encoding.UTF8));
        }
        catch (WireSyntaxException error)
        {
            var position = new LinePosition(error.Line, 0);
            output.ReportDiagnostic(Diagnostic.Create(
                SyntaxError, Location.Create(path, default, new LinePositionSpan(position, position)), error.Message));
        }
    }
}
