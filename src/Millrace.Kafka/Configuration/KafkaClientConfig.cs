using System.Globalization;

namespace Millrace.Kafka.Configuration;

/// <summary>What a client configuration is for.</summary>
public enum KafkaClientRole
{
    /// <summary>A producer.</summary>
    Producer,

    /// <summary>A consumer.</summary>
    Consumer,

    /// <summary>An administration client: only keys that producers and consumers share.</summary>
    Admin,
}

/// <summary>One setting and what it will do, for <c>millrace config check</c>.</summary>
/// <param name="Line">The line, from 1; 0 when it does not come from a file.</param>
/// <param name="Key">The key as written.</param>
/// <param name="Value">The value as written, secrets replaced by asterisks.</param>
/// <param name="Effect">A sentence.</param>
public sealed record ConfigEntry(int Line, string Key, string Value, string Effect);

/// <summary>One thing wrong with a configuration.</summary>
/// <param name="Source">The file's name, or where the setting came from.</param>
/// <param name="Line">The line, from 1; 0 when it does not come from a file.</param>
/// <param name="Key">The key.</param>
/// <param name="Message">What is wrong and what to do.</param>
public sealed record ConfigError(string Source, int Line, string Key, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Source}{(Line > 0 ? $":{Line}" : "")}: {(Key.Length > 0 ? $"{Key}: " : "")}{Message}";
}

/// <summary>A configuration that cannot be used.</summary>
/// <param name="errors">All that is wrong.</param>
public sealed class KafkaConfigException(IReadOnlyList<ConfigError> errors) : Exception(string.Join(Environment.NewLine, errors))
{
    /// <summary>All that is wrong, in the order of the lines.</summary>
    public IReadOnlyList<ConfigError> Errors { get; } = errors;
}

/// <summary>
/// A Kafka client's configuration, read from Java's or librdkafka's keys, as a file or as pairs. Java's names and class names are mapped; what has no
/// meaning here is said; an unknown or contradictory key is an error that names source, line and key.
/// </summary>
public sealed class KafkaClientConfig
{
    internal KafkaClientConfig(
        KafkaClientRole role,
        IReadOnlyDictionary<string, string> native,
        IReadOnlyDictionary<string, string> serde,
        IReadOnlyList<ConfigEntry> entries,
        int? maxPollRecords)
    {
        Role = role;
        Native = native;
        Serde = serde;
        Entries = entries;
        MaxPollRecords = maxPollRecords;
    }

    /// <summary>What the configuration is for.</summary>
    public KafkaClientRole Role { get; }

    /// <summary>librdkafka's keys, ready for <see cref="Consuming.KafkaRecordReader"/> and Confluent.Kafka's builders.</summary>
    public IReadOnlyDictionary<string, string> Native { get; }

    /// <summary>Keys for serializers and the schema registry: <c>key.serializer</c> as <c>string</c>, <c>avro</c> …, <c>schema.registry.url</c> and its like.</summary>
    public IReadOnlyDictionary<string, string> Serde { get; }

    /// <summary>Each setting with its effect, in the order of the lines.</summary>
    public IReadOnlyList<ConfigEntry> Entries { get; }

    /// <summary>Java's <c>max.poll.records</c>: how many records a batch holds at most; null when not set.</summary>
    public int? MaxPollRecords { get; }

    /// <summary>Reads a .properties file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="role">What it is for.</param>
    /// <exception cref="KafkaConfigException">It cannot be used; all errors are listed.</exception>
    public static KafkaClientConfig Read(string path, KafkaClientRole role) => Parse(File.ReadAllText(path), Path.GetFileName(path), role);

    /// <summary>Reads the text of a .properties file.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">The name for messages.</param>
    /// <param name="role">What it is for.</param>
    /// <exception cref="KafkaConfigException">It cannot be used; all errors are listed.</exception>
    public static KafkaClientConfig Parse(string text, string source, KafkaClientRole role)
    {
        try
        {
            return FromLines(PropertiesFile.Parse(text), source, role);
        }
        catch (FormatException e)
        {
            // The message begins with "Line N: ".
            var end = e.Message.IndexOf(':', StringComparison.Ordinal);
            throw new KafkaConfigException([new ConfigError(source, int.Parse(e.Message.AsSpan("Line ".Length, end - "Line ".Length), CultureInfo.InvariantCulture), "", e.Message[(end + 2)..])]);
        }
    }

    /// <summary>Reads pairs, for example a section of <c>appsettings.json</c>.</summary>
    /// <param name="settings">The pairs.</param>
    /// <param name="source">The name for messages.</param>
    /// <param name="role">What they are for.</param>
    /// <exception cref="KafkaConfigException">They cannot be used; all errors are listed.</exception>
    public static KafkaClientConfig From(IEnumerable<KeyValuePair<string, string>> settings, string source, KafkaClientRole role)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return FromLines(settings.Select(static s => new PropertyLine(0, s.Key, s.Value)), source, role);
    }

    /// <summary>Reads settings that carry their lines.</summary>
    /// <param name="lines">The settings.</param>
    /// <param name="source">The name for messages.</param>
    /// <param name="role">What they are for.</param>
    /// <exception cref="KafkaConfigException">They cannot be used; all errors are listed.</exception>
    public static KafkaClientConfig FromLines(IEnumerable<PropertyLine> lines, string source, KafkaClientRole role)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var translation = new ConfigTranslation(source, role);
        foreach (var line in lines)
            translation.Add(line);
        return translation.Finish();
    }

    /// <summary>Tells what a file of keys is for: producers and consumers have keys of their own.</summary>
    /// <param name="keys">The keys.</param>
    /// <returns>The role, or null when no key tells.</returns>
    public static KafkaClientRole? Recognise(IEnumerable<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach (var key in keys)
        {
            if (KeyTable.RoleOf(key) is { } role)
                return role;
        }

        return null;
    }
}
