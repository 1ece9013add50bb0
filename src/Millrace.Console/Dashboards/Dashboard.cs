using System.Text.Json;
using System.Text.Json.Serialization;

namespace Millrace.Console.Dashboards;

/// <summary>A dashboard, as it stands in its file.</summary>
internal sealed record Dashboard
{
    /// <summary>Name on the page.</summary>
    public string Title { get; init; } = "";

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>How often its panels ask again.</summary>
    public int RefreshSeconds { get; init; } = 5;

    /// <summary>Its panels, in order.</summary>
    public IReadOnlyList<Panel> Panels { get; init; } = [];

    /// <summary>Name of its file without .json; not part of the file.</summary>
    [JsonIgnore]
    public string Id { get; init; } = "";

    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        if (string.IsNullOrWhiteSpace(Title)) errors.Add("'title' is missing: give the dashboard a name.");
        if (RefreshSeconds is < 1 or > 3600) errors.Add($"'refreshSeconds' is {RefreshSeconds}: must be between 1 and 3600.");
        for (var i = 0; i < Panels.Count; i++)
        {
            var panel = Panels[i];
            if (string.IsNullOrWhiteSpace(panel.Title)) errors.Add($"panel {i + 1}: 'title' is missing.");
            if (string.IsNullOrWhiteSpace(panel.Sql)) errors.Add($"panel {i + 1}: 'sql' is missing.");
            if (panel.Width is < 1 or > 12) errors.Add($"panel {i + 1}: 'width' is {panel.Width}: must be between 1 and 12.");
        }

        return errors;
    }
}

/// <summary>One panel: a statement and how to show its result.</summary>
internal sealed record Panel
{
    public string Title { get; init; } = "";

    public string Sql { get; init; } = "";

    public PanelKind Kind { get; init; } = PanelKind.Line;

    /// <summary>Of twelve columns.</summary>
    public int Width { get; init; } = 6;

    /// <summary>Unit behind the numbers, such as "ms" or "%".</summary>
    public string? Unit { get; init; }
}

/// <summary>How a panel shows its result.</summary>
internal enum PanelKind
{
    /// <summary>First column across, the others as lines.</summary>
    Line,

    /// <summary>First column across, the others as bars.</summary>
    Bar,

    /// <summary>The first cell, large.</summary>
    Number,

    /// <summary>All of it.</summary>
    Table,
}

/// <summary>The form of the files.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, WriteIndented = true, UseStringEnumConverter = true, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Dashboard))]
internal sealed partial class DashboardJson : JsonSerializerContext;
