namespace Millrace.Connect.Configuration;

/// <summary>One key's value and what is wrong with it.</summary>
public sealed class ConfigValue
{
    internal ConfigValue(ConfigKey? key, string name, string? value)
    {
        Key = key;
        Name = name;
        Value = value;
    }

    /// <summary>The definition; null for an unknown key.</summary>
    public ConfigKey? Key { get; }

    /// <summary>The key.</summary>
    public string Name { get; }

    /// <summary>The value given, or the default.</summary>
    public string? Value { get; }

    /// <summary>What is wrong, for people.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>Values to choose from.</summary>
    public IReadOnlyList<string> Recommended { get; set; } = [];
}

/// <summary>The outcome of a validation: Kafka Connect's <c>ConfigInfos</c> before it becomes JSON.</summary>
public sealed class ConfigValidation
{
    private readonly Dictionary<string, ConfigValue> _values = new(StringComparer.Ordinal);

    /// <summary>Every key with its value and errors.</summary>
    public IReadOnlyCollection<ConfigValue> Values => _values.Values;

    /// <summary>Remarks on keys that are accepted without effect.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>The number of errors.</summary>
    public int ErrorCount => _values.Values.Sum(v => v.Errors.Count);

    /// <summary>Adds an error to a key.</summary>
    public void AddError(string name, string message)
    {
        if (!_values.TryGetValue(name, out var value)) _values[name] = value = new ConfigValue(null, name, null);
        value.Errors.Add(message);
    }

    /// <summary>Throws if there is an error; the message has one line for each.</summary>
    /// <exception cref="ConfigException">There is at least one error.</exception>
    public void ThrowIfInvalid()
    {
        if (ErrorCount > 0) throw new ConfigException(Describe());
    }

    internal string Describe() =>
        $"Connector configuration is invalid and contains the following {ErrorCount} error(s):\n"
        + string.Join('\n', _values.Values.SelectMany(v => v.Errors))
        + "\nYou can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`";

    internal ConfigValue Add(ConfigKey key, string? value) => _values[key.Name] = new ConfigValue(key, key.Name, value);

    internal void AddUnknown(string name, string value, string error) => (_values[name] = new ConfigValue(null, name, value)).Errors.Add(error);

    internal void Merge(ConfigValidation other)
    {
        foreach (var value in other.Values) _values[value.Name] = value;
        Notes.AddRange(other.Notes);
    }
}
