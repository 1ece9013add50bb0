using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Millrace.Protocol.Tests.Messages;

/// <summary>Apache Kafka's own message classes in a child process that answers JSON lines.</summary>
internal sealed class KafkaOracle : IDisposable
{
    public const string Variable = "MILLRACE_TEST_KAFKA_PROTOCOL";

    private readonly Process _process;

    public KafkaOracle(string script)
    {
        _process = Process.Start(new ProcessStartInfo(script, "serve") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"{script} did not start");
    }

    public static string? Script => Environment.GetEnvironmentVariable(Variable);

    public async Task<JsonObject> AskAsync(JsonObject question)
    {
        await _process.StandardInput.WriteLineAsync(question.ToJsonString());
        await _process.StandardInput.FlushAsync();
        string line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the oracle ended");
        return JsonNode.Parse(line)!.AsObject();
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
