using System.Globalization;
using Millrace.Kafka.Native;

namespace Millrace.Kafka.Configuration;

/// <summary>Turns settings, one after the other, into librdkafka's; collects effects and errors.</summary>
internal sealed class ConfigTranslation(string source, KafkaClientRole role)
{
    private readonly Dictionary<string, string> _native = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PropertyLine> _origin = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _serde = new(StringComparer.Ordinal);
    private readonly List<ConfigEntry> _entries = [];
    private readonly List<ConfigError> _errors = [];
    private readonly Dictionary<string, PropertyLine> _seen = new(StringComparer.Ordinal);
    private int? _maxPollRecords;

    internal void Add(PropertyLine line)
    {
        if (!_seen.TryAdd(line.Key, line))
        {
            Error(line, $"is set before on line {_seen[line.Key].Line}. Remove one of them");
            return;
        }

        if (KeyTable.RoleOf(line.Key) is { } owner && owner != role)
        {
            Error(line, $"is a {owner.ToString().ToLowerInvariant()}'s key, and this configures {(role == KafkaClientRole.Admin ? "an administration client" : $"a {role.ToString().ToLowerInvariant()}")}. Remove it");
            return;
        }

        if (KeyTable.Refused.TryGetValue(line.Key, out var advice))
            Error(line, advice);
        else if (KeyTable.WithoutEffect.TryGetValue(line.Key, out var reason))
            Effect(line, $"no effect: {reason}");
        else if (KeyTable.IsSerde(line.Key))
            AddSerde(line);
        else if (!AddSpecial(line))
            Set(line, KeyTable.Renamed.GetValueOrDefault(line.Key, line.Key), line.Value);
    }

    internal KafkaClientConfig Finish()
    {
        // Java's own defaults count where a file was written for Java; settings in code are librdkafka's.
        Contradictions.Check(_native, _seen.Values.Any(static l => l.Line > 0), (key, message) => Error(_origin[key], message));
        return _errors.Count == 0
            ? new KafkaClientConfig(role, _native, _serde, _entries, _maxPollRecords)
            : throw new KafkaConfigException([.. _errors.OrderBy(static e => e.Line)]);
    }

    private bool AddSpecial(PropertyLine line)
    {
        switch (line.Key)
        {
            case "buffer.memory":
                if (Number(line, 1024) is { } bytes)
                    Set(line, "queue.buffering.max.kbytes", (bytes / 1024).ToString(CultureInfo.InvariantCulture));
                return true;
            case "max.poll.records":
                if (Number(line, 1) is { } records)
                {
                    _maxPollRecords = (int)Math.Min(records, int.MaxValue);
                    Effect(line, $"a batch holds at most {_maxPollRecords} records");
                }

                return true;
            case "send.buffer.bytes" or "receive.buffer.bytes" when line.Value.Trim() == "-1":
                Set(line, KeyTable.Renamed[line.Key], "0");
                return true;
            case "partition.assignment.strategy":
                return AddMapped(line, JavaNames.Assignors(line.Value, out var assignors), line.Key, assignors);
            case "partitioner.class":
                return AddMapped(line, JavaNames.Partitioner(line.Value, out var partitioner), "partitioner", partitioner);
            case "partitioner.ignore.keys":
                if (string.Equals(line.Value.Trim(), "true", StringComparison.OrdinalIgnoreCase))
                    Set(line, "partitioner", "random");
                else
                    Effect(line, "no effect: it is the default");
                return true;
            case "sasl.jaas.config":
                return AddJaas(line);
            case "ssl.truststore.location" or "ssl.truststore.password" or "ssl.truststore.type":
                return AddTrustStore(line);
            case "ssl.keystore.type":
                return AddKeyStoreType(line);
            case "ssl.endpoint.identification.algorithm" when line.Value.Trim().Length == 0:
                Set(line, line.Key, "none");
                return true;
            case "auto.offset.reset" when line.Value.Trim() is "none" or "error":
                Set(line, line.Key, "error");
                return true;
            default:
                return false;
        }
    }

    private bool AddMapped(PropertyLine line, string? problem, string key, string value)
    {
        if (problem is null)
            Set(line, key, value);
        else
            Error(line, problem);
        return true;
    }

    private bool AddJaas(PropertyLine line)
    {
        var settings = JavaNames.Jaas(line.Value, out var problem);
        foreach (var (key, value) in settings)
            Set(line, key, value);
        if (problem is not null)
            Error(line, problem);
        return true;
    }

    private bool AddTrustStore(PropertyLine line)
    {
        if (line.Key == "ssl.truststore.location" && !line.Value.EndsWith(".jks", StringComparison.OrdinalIgnoreCase))
            Set(line, "ssl.ca.location", line.Value);
        else if (line.Key == "ssl.truststore.type" && string.Equals(line.Value.Trim(), "PEM", StringComparison.OrdinalIgnoreCase))
            Effect(line, "no effect: PEM is what is read");
        else
            Error(line, "a Java trust store cannot be read here. Export its certificates as PEM (keytool -exportcert -rfc) and set ssl.ca.location");
        return true;
    }

    private bool AddKeyStoreType(PropertyLine line)
    {
        if (string.Equals(line.Value.Trim(), "PKCS12", StringComparison.OrdinalIgnoreCase))
            Effect(line, "no effect: PKCS#12 is what is read");
        else
            Error(line, "only PKCS12 key stores are read. Convert it (keytool -importkeystore -deststoretype PKCS12), or use ssl.certificate.location and ssl.key.location with PEM files");
        return true;
    }

    private void AddSerde(PropertyLine line)
    {
        if (!line.Key.EndsWith("serializer", StringComparison.Ordinal))
        {
            _serde[line.Key] = line.Value;
            Effect(line, "kept for the serializers");
            return;
        }

        if (JavaNames.Serde(line.Value) is { } serde)
        {
            _serde[line.Key] = serde;
            Effect(line, $"the {serde} serde");
        }
        else
        {
            Error(line, $"'{line.Value}' is not known. Use one of {JavaNames.KnownSerdes}, or leave it out and choose the serde in code");
        }
    }

    private long? Number(PropertyLine line, long least)
    {
        if (long.TryParse(line.Value.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least)
            return number;
        Error(line, $"'{line.Value}' is not a whole number of at least {least}");
        return null;
    }

    private void Set(PropertyLine line, string key, string value)
    {
        if (_origin.TryGetValue(key, out var earlier))
        {
            Error(line, $"means the same as {earlier.Key}, which is set on line {earlier.Line}. Remove one of them");
            return;
        }

        value = value.Trim();
        if (NativeConfig.Check(key, value) is { } problem)
        {
            Error(line, problem);
            return;
        }

        _native[key] = value;
        _origin[key] = line;
        Effect(line, KeyEffects.Describe(key, value, line.Key));
    }

    private void Effect(PropertyLine line, string effect) =>
        _entries.Add(new ConfigEntry(line.Line, line.Key, KeyTable.IsSecret(line.Key) ? "********" : line.Value, effect));

    private void Error(PropertyLine line, string message) => _errors.Add(new ConfigError(source, line.Line, line.Key, message.TrimEnd('.') + "."));
}
