using System.Globalization;
using System.Net;
using Millrace.Kafka.Configuration;

namespace Millrace.Console.Hosting;

/// <summary>The rules that <see cref="ConsoleOptions"/> must keep, each with a message that names the field, the value and the rule.</summary>
internal static class ConsoleOptionsRules
{
    public static IReadOnlyList<string> Check(ConsoleOptions options)
    {
        var errors = new List<string>();
        if (!TryParseListen(options.Listen, out _))
            errors.Add($"Listen = '{options.Listen}': must be host:port, such as 127.0.0.1:8080 or 0.0.0.0:8080.");
        if (string.IsNullOrWhiteSpace(options.Bootstrap))
            errors.Add("Bootstrap is empty: give at least one Kafka broker as host:port.");
        else
        {
            foreach (var broker in options.Bootstrap.Split(',', StringSplitOptions.TrimEntries))
            {
                if (!IsHostAndPort(broker))
                    errors.Add($"Bootstrap = '{options.Bootstrap}': '{broker}' must be host:port, such as 127.0.0.1:9092.");
            }
        }

        try
        {
            KafkaClientConfig.From(options.Kafka, nameof(options.Kafka), KafkaClientRole.Admin);
        }
        catch (KafkaConfigException e)
        {
            errors.AddRange(e.Errors.Select(static error => error.ToString()));
        }

        CheckUrl(errors, nameof(options.ConnectUrl), options.ConnectUrl, "http://127.0.0.1:8083");
        CheckUrl(errors, nameof(options.StreamsUrl), options.StreamsUrl, "http://127.0.0.1:8082");
        CheckUrl(errors, nameof(options.ClickHouseUrl), options.ClickHouseUrl, "http://127.0.0.1:8123");
        if (options.SampleInterval < TimeSpan.FromMilliseconds(200) || options.SampleInterval > TimeSpan.FromMinutes(1))
            errors.Add($"SampleInterval = {options.SampleInterval}: must be between 200 ms and 1 minute.");
        if (options.SamplesKept is < 60 or > 86_400)
            errors.Add($"SamplesKept = {options.SamplesKept}: must be between 60 and 86400.");
        if (options.LagLimit <= TimeSpan.Zero)
            errors.Add($"LagLimit = {options.LagLimit}: must be positive.");
        if (string.IsNullOrWhiteSpace(options.Title))
            errors.Add("Title is empty: give the console a name.");
        if (options.DashboardsDirectory is { Length: > 0 } directory && File.Exists(directory))
            errors.Add($"DashboardsDirectory = '{directory}': is a file; give a folder.");
        foreach (var topic in options.AlertTopics)
        {
            if (string.IsNullOrWhiteSpace(topic))
                errors.Add("AlertTopics has an empty name: remove it.");
        }

        return errors;
    }

    public static bool TryParseListen(string? listen, out (IPAddress Address, int Port) parsed)
    {
        parsed = default;
        if (!SplitHostAndPort(listen, out var host, out var port, minPort: 0)) return false;
        IPAddress? address;
        if (host is "*" or "+") address = IPAddress.Any;
        else if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)) address = IPAddress.Loopback;
        else if (!IPAddress.TryParse(host.Trim('[', ']'), out address)) return false;
        parsed = (address, port);
        return true;
    }

    private static bool IsHostAndPort(string broker) => SplitHostAndPort(broker, out _, out _, minPort: 1);

    private static bool SplitHostAndPort(string? text, out string host, out int port, int minPort)
    {
        host = "";
        port = 0;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0) return false;
        host = text![..colon];
        // An IPv6 address stands in brackets: without them nobody can tell where the port begins.
        if (host is ['[', .., ']'] ? !IPAddress.TryParse(host, out _) : host.AsSpan().ContainsAny(":[]")) return false;
        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port >= minPort && port <= IPEndPoint.MaxPort && !host.Contains(' ', StringComparison.Ordinal);
    }

    private static void CheckUrl(List<string> errors, string name, string? url, string example)
    {
        if (string.IsNullOrEmpty(url)) return;
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
            errors.Add($"{name} = '{url}': must be an http or https address, such as {example}, or empty.");
    }
}
