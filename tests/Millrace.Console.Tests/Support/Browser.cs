using System.Collections.Concurrent;
using Microsoft.Playwright;
using Millrace.TestKit;

namespace Millrace.Console.Tests.Support;

/// <summary>Chromium, once for all tests; a test that needs it is skipped where there is none.</summary>
public sealed class Browser : IAsyncLifetime
{
    // Headless and quiet: nothing of Chromium's own goes out.
    private static readonly string[] Arguments =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (InstalledProgram.Find("chromium") is not { } path) return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = path, Args = Arguments });
    }

    public async Task<Visit> VisitAsync(Uri console, string path, ColorScheme scheme = ColorScheme.Light, int width = 1440, int height = 900)
    {
        Assert.SkipWhen(_browser is null, "needs Chromium: apt-get install chromium");
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions { ColorScheme = scheme, ViewportSize = new ViewportSize { Width = width, Height = height }, BaseURL = console.ToString() });
        context.SetDefaultTimeout(30_000);
        var visit = new Visit(context, await context.NewPageAsync());
        await visit.OpenAsync(path);
        return visit;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

/// <summary>One page in one browser window, with what went wrong on it.</summary>
public sealed class Visit : IAsyncDisposable
{
    private readonly IBrowserContext _context;

    public Visit(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error") Errors.Enqueue(message.Text);
        };
        page.PageError += (_, error) => Errors.Enqueue(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith("http://127.0.0.1:", StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal)) Errors.Enqueue("asked elsewhere: " + request.Url);
        };
    }

    public IPage Page { get; }

    public ConcurrentQueue<string> Errors { get; } = new();

    public async Task OpenAsync(string path)
    {
        await Page.GotoAsync(path);

        // The page is prerendered; it lives when Blazor has taken it over.
        await Page.WaitForFunctionAsync("() => document.querySelector('[data-interactive]')");
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
