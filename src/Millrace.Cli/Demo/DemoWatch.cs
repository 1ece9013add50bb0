using System.Net.Http.Json;
using System.Text.Json;

namespace Millrace.Cli.Demo;

/// <summary>
/// Asks Connect and the stream processor, over their own interfaces, whether anything has failed. Both try again by themselves; what goes on failing is
/// <see cref="Broken"/>, and nobody needs to wait for what it should have delivered.
/// </summary>
internal sealed class DemoWatch(HttpClient http, Uri connect, Uri streams)
{
    // At one look a second: long enough for a restart that helps, short enough for a person who waits.
    private const int LooksUntilBroken = 4;
    private const int LooksUntilHealthy = 10;
    private const int LongestReason = 500;

    private readonly Dictionary<string, (int Failing, int Healthy, string Reason)> _subjects = new(StringComparer.Ordinal);

    /// <summary>What fails again and again, each with its error.</summary>
    public IReadOnlyList<string> Broken => [.. _subjects.Where(static s => s.Value.Failing >= LooksUntilBroken).Select(static s => $"{s.Key} failed: {s.Value.Reason}")];

    /// <summary>Looks once.</summary>
    /// <returns>What has failed since the last look, each with its error.</returns>
    public async Task<IReadOnlyList<string>> LookAsync(CancellationToken cancellationToken)
    {
        var news = new List<string>();
        var failing = await ConnectorsAsync(cancellationToken);
        foreach (var (subject, reason) in await JobsAsync(cancellationToken)) failing[subject] = reason;
        foreach (var subject in _subjects.Keys.Except(failing.Keys, StringComparer.Ordinal).ToList())
        {
            var (count, healthy, reason) = _subjects[subject];
            if (healthy + 1 >= LooksUntilHealthy) _subjects.Remove(subject);
            else _subjects[subject] = (count, healthy + 1, reason);
        }

        foreach (var (subject, reason) in failing)
        {
            if (!_subjects.TryGetValue(subject, out var known) || known.Reason != reason) news.Add($"{subject} failed: {reason}");
            _subjects[subject] = (known.Failing + 1, 0, reason);
        }

        return news;
    }

    private async Task<Dictionary<string, string>> ConnectorsAsync(CancellationToken cancellationToken)
    {
        var failing = new Dictionary<string, string>(StringComparer.Ordinal);
        var all = await http.GetFromJsonAsync<JsonElement>(new Uri(connect, "/connectors?expand=status"), cancellationToken);
        foreach (var connector in all.EnumerateObject())
        {
            var status = connector.Value.GetProperty("status");
            foreach (var part in status.GetProperty("tasks").EnumerateArray().Prepend(status.GetProperty("connector")))
            {
                if (part.GetProperty("state").GetString() == "FAILED") failing[$"the connector {connector.Name}"] = part.TryGetProperty("trace", out var trace) ? Brief(trace.GetString()) : "no reason is given";
            }
        }

        return failing;
    }

    private async Task<Dictionary<string, string>> JobsAsync(CancellationToken cancellationToken)
    {
        var failing = new Dictionary<string, string>(StringComparer.Ordinal);
        var all = await http.GetFromJsonAsync<JsonElement>(new Uri(streams, "/jobs/overview"), cancellationToken);
        foreach (var job in all.GetProperty("jobs").EnumerateArray())
        {
            if (job.GetProperty("state").GetString() is not ("FAILED" or "FAILING" or "RESTARTING")) continue;
            var exceptions = await http.GetFromJsonAsync<JsonElement>(new Uri(streams, $"/jobs/{job.GetProperty("jid").GetString()}/exceptions"), cancellationToken);
            failing[$"the job {job.GetProperty("name").GetString()}"] = Brief(exceptions.GetProperty("root-exception").GetString());
        }

        return failing;
    }

    // The message without the stack, on one line.
    private static string Brief(string? trace)
    {
        var text = trace ?? "no reason is given";
        foreach (var next in (string[])["\n   at ", "\n ---> "])
        {
            if (text.IndexOf(next, StringComparison.Ordinal) is >= 0 and var end) text = text[..end];
        }

        text = string.Join(' ', text.Split((char[])['\r', '\n', ' '], StringSplitOptions.RemoveEmptyEntries));
        return text.Length <= LongestReason ? text : text[..LongestReason] + " …";
    }
}
