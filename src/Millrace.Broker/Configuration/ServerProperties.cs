namespace Millrace.Broker.Configuration;

/// <summary>One key of a <c>server.properties</c>, and what it does here.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
/// <param name="Effect">What it does, for people.</param>
public sealed record ServerSetting(int Line, string Key, string Value, string Effect);

/// <summary>What a <c>server.properties</c> says.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Settings">Every key, in the order of the file.</param>
/// <param name="Notices">What cannot hold on one node, for the log.</param>
public sealed record ServerProperties(string File, IReadOnlyList<ServerSetting> Settings, IReadOnlyList<string> Notices)
{
    internal Func<BrokerOptions, BrokerOptions> Apply { get; init; } = static options => options;

    /// <summary>Puts the file's settings over the given options.</summary>
    /// <param name="options">The options that hold where the file says nothing.</param>
    /// <returns>The options with the file's settings.</returns>
    public BrokerOptions ApplyTo(BrokerOptions options) => Apply(options) with { Notices = [.. options.Notices, .. Notices] };
}

/// <summary>A <c>server.properties</c> has keys or values that are not understood. The message names file, line and key of each.</summary>
public sealed class ServerPropertiesException : Exception
{
    /// <summary>Initializes a new instance of the <see cref="ServerPropertiesException"/> class.</summary>
    public ServerPropertiesException()
    {
    }

    /// <summary>Initializes a new instance of the <see cref="ServerPropertiesException"/> class.</summary>
    /// <param name="message">What is wrong.</param>
    public ServerPropertiesException(string message)
        : base(message)
    {
    }

    /// <summary>Initializes a new instance of the <see cref="ServerPropertiesException"/> class.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="innerException">The cause.</param>
    public ServerPropertiesException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Gets every error: <c>file:line: key: what is wrong</c>.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];
}
