namespace Millrace.Console.Backends.Connect;

/// <summary>Masks the values of configuration keys that hold secrets.</summary>
internal static class Secrets
{
    public const string Mask = "••••••••";

    private static readonly string[] Marks = ["password", "secret", "token", "credential", "jaas", "apikey", "api.key", "private.key", "access.key", "passphrase", "key.pem"];

    public static bool IsSecret(string key) => Marks.Any(mark => key.Contains(mark, StringComparison.OrdinalIgnoreCase));

    /// <summary>The value to show: masked for a secret, and without the user part for an address such as <c>https://user:pass@host</c>.</summary>
    public static string Show(string key, string value)
    {
        if (IsSecret(key)) return value.Length == 0 ? "" : Mask;
        var scheme = value.IndexOf("://", StringComparison.Ordinal);
        var at = value.IndexOf('@', StringComparison.Ordinal);
        if (scheme > 0 && at > scheme && value.AsSpan(scheme + 3, at - scheme - 3).Contains(':'))
            return string.Concat(value.AsSpan(0, scheme + 3), Mask, value.AsSpan(at));
        return value.Contains("password=", StringComparison.OrdinalIgnoreCase) ? Mask : value;
    }
}
