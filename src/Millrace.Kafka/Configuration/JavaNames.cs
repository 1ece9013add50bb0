using System.Text.RegularExpressions;

namespace Millrace.Kafka.Configuration;

/// <summary>Java class names in Kafka configurations, and what they are here.</summary>
internal static partial class JavaNames
{
    internal const string KnownSerdes = "string, bytes, long, guid, json, avro (or Kafka's and Confluent's Java classes for them)";

    /// <summary>Assignors; the result is null or what is wrong.</summary>
    internal static string? Assignors(string value, out string assignors)
    {
        var names = new List<string>();
        assignors = "";
        foreach (var part in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            switch (Simple(part))
            {
                case "RangeAssignor" or "range":
                    names.Add("range");
                    break;
                case "RoundRobinAssignor" or "roundrobin":
                    names.Add("roundrobin");
                    break;
                case "CooperativeStickyAssignor" or "cooperative-sticky":
                    names.Add("cooperative-sticky");
                    break;
                case "StickyAssignor" or "sticky":
                    return "the eager StickyAssignor does not exist in librdkafka. Use CooperativeStickyAssignor for the whole group";
                default:
                    return $"'{part}' is not an assignor known here. Use RangeAssignor, RoundRobinAssignor or CooperativeStickyAssignor";
            }
        }

        if (names.Contains("cooperative-sticky") && names.Count > 1)
            return "librdkafka does not mix the eager and the cooperative protocol in one member. Name one of them; to move a running group, stop it first";
        assignors = string.Join(',', names);
        return names.Count == 0 ? "names no assignor" : null;
    }

    internal static string? Partitioner(string value, out string partitioner)
    {
        (partitioner, var problem) = Simple(value) switch
        {
            "DefaultPartitioner" or "BuiltInPartitioner" or "" => ("murmur2_random", (string?)null),
            "UniformStickyPartitioner" => ("random", null),
            "RoundRobinPartitioner" => ("", "librdkafka has no round-robin partitioner. Use partitioner=random, or remove the key"),
            _ => ("", $"the Java class '{value}' cannot be loaded. Use librdkafka's key partitioner: murmur2_random is what Java's default does"),
        };
        return problem;
    }

    internal static string? Serde(string value) => Simple(value) switch
    {
        "StringSerializer" or "StringDeserializer" or "string" => "string",
        "ByteArraySerializer" or "ByteArrayDeserializer" or "ByteBufferSerializer" or "ByteBufferDeserializer" or "BytesSerializer" or "BytesDeserializer" or "bytes" => "bytes",
        "LongSerializer" or "LongDeserializer" or "long" => "long",
        "UUIDSerializer" or "UUIDDeserializer" or "guid" => "guid",
        "JsonSerializer" or "JsonDeserializer" or "json" => "json",
        "KafkaAvroSerializer" or "KafkaAvroDeserializer" or "avro" => "avro",
        _ => null,
    };

    /// <summary>User and password of a JAAS line.</summary>
    internal static IEnumerable<(string Key, string Value)> Jaas(string value, out string? problem)
    {
        problem = null;
        if (!value.Contains("PlainLoginModule", StringComparison.Ordinal) && !value.Contains("ScramLoginModule", StringComparison.Ordinal))
        {
            problem = "only PlainLoginModule and ScramLoginModule are understood. For OAUTHBEARER set sasl.oauthbearer.method=oidc and its keys, for Kerberos sasl.kerberos.*";
            return [];
        }

        var found = JaasOption().Matches(value).ToDictionary(static m => m.Groups["name"].Value, static m => m.Groups["value"].Value.Replace("\\\"", "\"", StringComparison.Ordinal), StringComparer.Ordinal);
        if (found.TryGetValue("username", out var user) && found.TryGetValue("password", out var password))
            return [("sasl.username", user), ("sasl.password", password)];
        problem = "needs username=\"…\" and password=\"…\"";
        return [];
    }

    private static string Simple(string name) => name.Trim()[(name.Trim().LastIndexOf('.') + 1)..];

    [GeneratedRegex("(?<name>username|password)\\s*=\\s*\"(?<value>(?:[^\"\\\\]|\\\\.)*)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex JaasOption();
}
