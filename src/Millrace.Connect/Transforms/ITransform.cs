using Millrace.Connect.Configuration;

namespace Millrace.Connect.Transforms;

/// <summary>Changes one record at a time, between the converter and the connector. Used by one task only.</summary>
public interface ITransform
{
    /// <summary>The configuration keys, without the prefix <c>transforms.NAME.</c>.</summary>
    ConfigDefinition Config { get; }

    /// <summary>Gives the settings, already validated by <see cref="Config"/>.</summary>
    void Configure(IReadOnlyDictionary<string, string> config);

    /// <summary>The changed record, the same one, or null to drop it.</summary>
    ConnectRecord? Apply(ConnectRecord record);
}
