namespace Millrace.Broker.Security;

/// <summary>A setting of security is not right. The message says what it must be.</summary>
internal sealed class SettingException(string key, string problem, Exception? cause = null) : Exception($"{key}: {problem}", cause)
{
    public string Key { get; } = key;

    public string Problem { get; } = problem;
}
