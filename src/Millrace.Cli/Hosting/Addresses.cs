namespace Millrace.Cli.Hosting;

/// <summary>HOST:PORT, as every command takes it, in the forms that the parts take.</summary>
internal static class Addresses
{
    public static string Http(string listen) => listen.Contains("://", StringComparison.Ordinal) ? listen : $"http://{listen}";
}
