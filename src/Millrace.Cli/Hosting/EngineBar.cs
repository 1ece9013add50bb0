using System.Collections.Concurrent;
using Millrace.Engines;

namespace Millrace.Cli.Hosting;

/// <summary>
/// The progress of downloads, on standard error: a bar that is drawn over itself on a terminal, a line per tenth elsewhere. Draws nothing for what is
/// in the cache already.
/// </summary>
internal sealed class EngineBar : IProgress<EngineProgress>, IDisposable
{
    private const int Width = 30;
    private readonly ConcurrentDictionary<string, int> _shown = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly bool _terminal = !Terminal.IsErrorRedirected;
    private bool _open;

    public void Report(EngineProgress value)
    {
        lock (_gate)
        {
            var percent = value.TotalBytes is > 0 and var total ? (int)(100 * value.Bytes / total) : 0;
            var step = ((int)value.Stage * 1000) + (_terminal ? percent : percent / 10 * 10);
            if (_shown.TryGetValue(value.Package.Name, out var before) ? before == step : value.Stage is EngineStage.Ready) return;
            _shown[value.Package.Name] = step;
            var size = value.TotalBytes is { } bytes ? $"{bytes / 1e6:0} MB" : $"{value.Bytes / 1e6:0} MB";
            var bar = new string('█', percent * Width / 100).PadRight(Width, '░');
            var text = value.Stage is EngineStage.Downloading ? $"{value.Package.Name} {value.Package.Version} {bar} {percent,3} % of {size}" : $"{value.Package.Name} {value.Package.Version}: {value.Stage.ToString().ToLowerInvariant()}";
            Terminal.Error.Write(_terminal ? $"\r\u001b[K{text}" : text + "\n");
            _open = _terminal;
        }
    }

    public void Dispose()
    {
        if (_open) Terminal.Error.WriteLine();
    }
}
