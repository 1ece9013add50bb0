using System.Text;
using System.Text.Json;

namespace Millrace.Console.Tests.Support;

/// <summary>Seeded damage for fuzz tests: bytes changed, cut, doubled; and JSON whose values became something else.</summary>
public static class Damage
{
    private static readonly string[] Odd = ["null", "true", "-1", "1e400", "9223372036854775808", "\"\"", "\"x\"", "[]", "{}", "[null]", "0.5"];

    public static byte[] Bytes(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var i = 0; i < 1 + random.Next(8) && bytes.Count > 0; i++)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveAt(at); break;
                case 2: bytes.Insert(at, (byte)random.Next(256)); break;
                default: bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(40))); break;
            }
        }

        return [.. bytes];
    }

    /// <summary>The same JSON, with some of its values replaced by others: still JSON, no longer what was promised.</summary>
    public static string Values(JsonElement element, Random random)
    {
        if (random.Next(14) == 0) return Odd[random.Next(Odd.Length)];
        return element.ValueKind switch
        {
            JsonValueKind.Object => "{" + string.Join(',', element.EnumerateObject().Where(_ => random.Next(20) != 0).Select(field => $"{JsonSerializer.Serialize(field.Name)}:{Values(field.Value, random)}")) + "}",
            JsonValueKind.Array => "[" + string.Join(',', element.EnumerateArray().Select(item => Values(item, random))) + "]",
            _ => element.GetRawText(),
        };
    }

    public static JsonElement Element(JsonElement element, Random random)
    {
        using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(Values(element, random)));
        return document.RootElement.Clone();
    }
}
