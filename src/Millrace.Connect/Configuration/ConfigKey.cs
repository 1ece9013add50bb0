namespace Millrace.Connect.Configuration;

/// <summary>The types of configuration values, named as Kafka's ConfigDef names them.</summary>
public enum ConfigType
{
    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,

    /// <summary>Text.</summary>
    String,

    /// <summary>A 32-bit integer.</summary>
    Int,

    /// <summary>A 64-bit integer.</summary>
    Long,

    /// <summary>A floating-point number.</summary>
    Double,

    /// <summary>Values separated by commas.</summary>
    List,

    /// <summary>A class name.</summary>
    Class,

    /// <summary>A secret: never logged nor shown.</summary>
    Password,
}

/// <summary>How much a key matters to most users.</summary>
public enum Importance
{
    /// <summary>Look at it first.</summary>
    High,

    /// <summary>Now and then.</summary>
    Medium,

    /// <summary>Rarely.</summary>
    Low,
}

/// <summary>One configuration key: Kafka's <c>ConfigKey</c>.</summary>
/// <param name="Name">The key.</param>
/// <param name="Type">The type of its values.</param>
/// <param name="Documentation">What it does, with its unit.</param>
public sealed record ConfigKey(string Name, ConfigType Type, string Documentation)
{
    /// <summary>The default as text; null with <see cref="Required"/> false means no value.</summary>
    public string? Default { get; init; }

    /// <summary>An absent value is an error.</summary>
    public bool Required { get; init; }

    /// <summary>How much it matters.</summary>
    public Importance Importance { get; init; } = Importance.Medium;

    /// <summary>The heading under which forms show it.</summary>
    public string? Group { get; init; }

    /// <summary>The label in forms; the key itself by default.</summary>
    public string? DisplayName { get; init; }

    /// <summary>The only values allowed, compared without case; null for any.</summary>
    public IReadOnlyList<string>? Allowed { get; init; }

    /// <summary>Smallest number allowed.</summary>
    public double? Minimum { get; init; }

    /// <summary>Returns what is wrong with a value, or null.</summary>
    public Func<string, string?>? Validator { get; init; }

    /// <summary>
    /// Why this known key cannot be used yet. A value other than the default is an error with this reason: nothing is silently ignored.
    /// </summary>
    public string? Unsupported { get; init; }

    /// <summary>What is said once in the log when the key is set, for keys that are accepted and need nothing done.</summary>
    public string? Note { get; init; }
}
