using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Millrace.Console.Hosting;

namespace Millrace.Console.Dashboards;

/// <summary>A file that is no dashboard, and why.</summary>
internal sealed record BrokenDashboard(string File, string Problem);

/// <summary>Dashboards as JSON files in a folder, so that they can be reviewed and versioned like code.</summary>
internal sealed class DashboardStore(ConsoleOptions options, ILogger<DashboardStore> logger)
{
    // Statements are full of quotes and comparison signs; the files are for people.
    private static readonly DashboardJson Json = new(new JsonSerializerOptions(DashboardJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public string? Directory => string.IsNullOrEmpty(options.DashboardsDirectory) ? null : Path.GetFullPath(options.DashboardsDirectory);

    public bool CanSave => Directory is not null && !options.ReadOnly;

    public async Task<(IReadOnlyList<Dashboard> Dashboards, IReadOnlyList<BrokenDashboard> Broken)> LoadAsync(CancellationToken cancellationToken = default)
    {
        if (Directory is not { } directory || !System.IO.Directory.Exists(directory)) return ([], []);
        var dashboards = new List<Dashboard>();
        var broken = new List<BrokenDashboard>();
        foreach (var file in System.IO.Directory.EnumerateFiles(directory, "*.json").Order(StringComparer.Ordinal))
        {
            try
            {
                dashboards.Add(Parse(await File.ReadAllTextAsync(file, cancellationToken), Path.GetFileNameWithoutExtension(file)));
            }
            catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
            {
                ConsoleLog.DashboardUnreadable(logger, file, e.Message);
                broken.Add(new BrokenDashboard(Path.GetFileName(file), e.Message));
            }
        }

        return (dashboards, broken);
    }

    /// <summary>Writes a dashboard; a crash in the middle leaves the old file.</summary>
    public async Task<Dashboard> SaveAsync(Dashboard dashboard, CancellationToken cancellationToken = default)
    {
        if (!CanSave) throw new InvalidOperationException("Dashboards cannot be saved: set DashboardsDirectory, and leave ReadOnly off.");
        var errors = dashboard.Validate();
        if (errors.Count > 0) throw new FormatException(string.Join(' ', errors));
        if (dashboard.Id.Length == 0) dashboard = dashboard with { Id = Slug(dashboard.Title) };
        System.IO.Directory.CreateDirectory(Directory!);
        var file = PathOf(dashboard.Id);
        var draft = file + ".new";
        await File.WriteAllTextAsync(draft, JsonSerializer.Serialize(dashboard, Json.Dashboard) + "\n", cancellationToken);
        File.Move(draft, file, overwrite: true);
        return dashboard;
    }

    public void Delete(string id)
    {
        if (CanSave) File.Delete(PathOf(id));
    }

    /// <summary>Reads a file's text.</summary>
    /// <exception cref="FormatException">It is no dashboard; the message names the field and the rule.</exception>
    internal static Dashboard Parse(string text, string id)
    {
        try
        {
            var dashboard = JsonSerializer.Deserialize(text, Json.Dashboard) ?? throw new FormatException("The file holds null instead of a dashboard.");
            dashboard = dashboard with { Id = id, Panels = dashboard.Panels ?? [], Title = dashboard.Title ?? "" };
            if (dashboard.Panels.Any(static panel => panel is null)) throw new FormatException("'panels' holds null: remove it.");
            var errors = dashboard.Validate();
            return errors.Count == 0 ? dashboard : throw new FormatException(string.Join(' ', errors));
        }
        catch (JsonException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    internal static string Slug(string title)
    {
        var slug = string.Join('-', new string([.. title.ToLowerInvariant().Select(static c => char.IsAsciiLetterOrDigit(c) ? c : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return slug.Length == 0 ? "dashboard" : slug[..Math.Min(60, slug.Length)];
    }

    // The id comes from an address or a title: only the slug of it ever becomes a file name.
    private string PathOf(string id) => Path.Combine(Directory!, Slug(id) + ".json");
}
