using System.Globalization;
using Millrace.Broker.Log;

namespace Millrace.Broker.Metadata;

/// <summary>The type of a configuration value, by its number in DescribeConfigs.</summary>
internal enum ConfigType : sbyte
{
    Boolean = 1,
    String = 2,
    Int = 3,
    Short = 4,
    Long = 5,
    Double = 6,
    List = 7,
    Password = 9,
}

/// <summary>One setting of a topic.</summary>
/// <param name="Name">Kafka's name for it on a topic.</param>
/// <param name="BrokerName">Kafka's name for its default in <c>server.properties</c>.</param>
/// <param name="Type">Its type.</param>
/// <param name="Default">Kafka's default.</param>
/// <param name="Documentation">What it does, in one line.</param>
internal sealed record ConfigDefinition(string Name, string? BrokerName, ConfigType Type, string Default, string Documentation)
{
    /// <summary>The smallest value of a number.</summary>
    public double Minimum { get; init; } = double.NegativeInfinity;

    /// <summary>The largest value of a number.</summary>
    public double Maximum { get; init; } = double.PositiveInfinity;

    /// <summary>The allowed words of a string or list.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Whether nobody may be shown the value.</summary>
    public bool IsSecret => Type == ConfigType.Password;

    /// <summary>Puts a valid value into a log's options; null where the broker has no use for the setting.</summary>
    public Func<LogConfig, string, LogConfig>? Apply { get; init; }

    /// <summary>Why a value is not allowed, or null.</summary>
    public string? Problem(string? value)
    {
        if (value is null) return $"{Name} needs a value";
        if (IsSecret) return null;
        string text = value.Trim();
        return Type switch
        {
            ConfigType.Boolean => text is "true" or "false" ? null : Says(value, "must be true or false"),
            ConfigType.Int => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int i) ? Range(value, i) : Says(value, "must be a whole number of 32 bits"),
            ConfigType.Short => short.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out short s) ? Range(value, s) : Says(value, "must be a whole number of 16 bits"),
            ConfigType.Long => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long l) ? Range(value, l) : Says(value, "must be a whole number of 64 bits"),
            ConfigType.Double => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double d) ? Range(value, d) : Says(value, "must be a number"),
            _ => WordsProblem(value),
        };
    }

    public static IEnumerable<string> Items(string value) => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private string? Range(string value, double number) =>
        number >= Minimum && number <= Maximum ? null
        : Says(value, double.IsPositiveInfinity(Maximum) ? $"must be at least {Minimum.ToString(CultureInfo.InvariantCulture)}"
            : $"must lie between {Minimum.ToString(CultureInfo.InvariantCulture)} and {Maximum.ToString(CultureInfo.InvariantCulture)}");

    private string? WordsProblem(string value)
    {
        if (Words.Count == 0) return null;
        IEnumerable<string> given = Type == ConfigType.List ? Items(value) : [value];
        foreach (string word in given)
        {
            if (!Words.Contains(word)) return Says(value, $"must be {(Type == ConfigType.List ? "a list of " : "one of ")}{string.Join(", ", Words)}");
        }

        return null;
    }

    private string Says(string value, string rule) => $"Invalid value '{value}' for configuration {Name}: it {rule}";
}
