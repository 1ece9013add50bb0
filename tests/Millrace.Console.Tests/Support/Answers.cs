using System.Text.Json;

namespace Millrace.Console.Tests.Support;

/// <summary>Answers that real systems gave: Apache Flink 2.2.1 with a windowed SQL job, Apache Kafka Connect 4.3.1 with a failed sink.</summary>
public static class Answers
{
    public static JsonElement Json(string name)
    {
        using var document = JsonDocument.Parse(Bytes(name));
        return document.RootElement.Clone();
    }

    public static byte[] Bytes(string name)
    {
        using var stream = typeof(Answers).Assembly.GetManifestResourceStream($"answers/{name}.json")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
