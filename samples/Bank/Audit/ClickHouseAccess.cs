namespace Millrace.Samples.Bank.Audit;

/// <summary>Who asks, out of an address such as <c>http://user:password@host:8123</c>.</summary>
public static class ClickHouseAccess
{
    /// <summary>The user, ClickHouse's <c>default</c> unless the address names one, and the password.</summary>
    public static (string User, string? Password) Of(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.UserInfo.Length == 0) return ("default", null);
        var colon = address.UserInfo.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? (Uri.UnescapeDataString(address.UserInfo), null)
            : (Uri.UnescapeDataString(address.UserInfo[..colon]), Uri.UnescapeDataString(address.UserInfo[(colon + 1)..]));
    }

    /// <summary>The address without its user.</summary>
    public static Uri Bare(Uri address) => new UriBuilder(address) { UserName = string.Empty, Password = string.Empty }.Uri;
}
