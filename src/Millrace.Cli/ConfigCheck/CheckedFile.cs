namespace Millrace.Cli.ConfigCheck;

/// <summary>What a file says.</summary>
internal sealed record CheckedFile(string File, string Part)
{
    public IReadOnlyList<CheckedSetting> Settings { get; init; } = [];

    public IReadOnlyList<string> Notes { get; init; } = [];

    public IReadOnlyList<string> Errors { get; init; } = [];
}

/// <summary>One setting, and what it will do. Line 0: the format has no lines of its own for it.</summary>
internal sealed record CheckedSetting(int Line, string Key, string Value, string Effect);
