using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Millrace.TestKit;

namespace Millrace.EndToEnd.Tests;

/// <summary>The demo as a person sees it: in a browser, on its console.</summary>
public sealed partial class ConsoleTests
{
    private static readonly (string Path, string Name, ColorScheme Scheme, int Width)[] _pictures =
    [
        ("", "console-overview-light", ColorScheme.Light, 1440), ("", "console-overview-dark", ColorScheme.Dark, 1440), ("", "console-phone", ColorScheme.Light, 375),
        ("topics/cdc.accounts", "console-topic-light", ColorScheme.Light, 1440), ("connectors/postgres-connector", "console-connector-light", ColorScheme.Light, 1440),
        ("alerts", "console-alerts-light", ColorScheme.Light, 1440), ("analytics/dashboards/payments", "console-dashboard-light", ColorScheme.Light, 1440),
    ];

    [Fact]
    public async Task The_console_of_the_demo_draws_the_pipeline_shows_a_fraud_and_a_job_and_its_numbers_change_without_a_reload()
    {
        var chromium = InstalledProgram.Find("chromium");
        Assert.SkipWhen(chromium is null, "needs Chromium: apt-get install chromium");
        await using var demo = await MillraceProgram.StartAsync("demo", "--rate", "60", "--any-ports");
        var ready = await demo.WaitForLineAsync("ready console ", TimeSpan.FromSeconds(90));
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = chromium, Args = ["--no-sandbox", "--disable-gpu"] });
        var page = await OpenAsync(browser, ready.Split(' ')[^1], ColorScheme.Light, 1440);
        await page.EvaluateAsync("window.notReloaded = true");

        foreach (var place in (string[])["tossbank", "postgres-connector", "cdc.transactions", "cdc.accounts", "fraud-rules", "account-activity", "fraud.alerts.detected.v1", "clickhouse-alerts", "transactions_realtime"])
            await Assertions.Expect(page.Locator(".pipeline .place", new() { HasText = place }).First).ToBeVisibleAsync();
        var records = page.Locator(".pipeline .place", new() { HasText = "transactions_realtime" }).First;
        await Assertions.Expect(records).ToContainTextAsync(Rows());
        var before = await records.TextContentAsync();
        await Assertions.Expect(records).Not.ToHaveTextAsync(before ?? "", new() { Timeout = 30_000 });

        await page.Locator("nav a[href=jobs]").First.ClickAsync();
        await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "fraud-rules" })).ToContainTextAsync("Running");
        await page.Locator("nav a[href=alerts]").First.ClickAsync();
        await Assertions.Expect(page.Locator("tbody tr").First).ToContainTextAsync(Rules(), new() { Timeout = 60_000 });
        Assert.True(await page.EvaluateAsync<bool>("window.notReloaded"));

        if (Environment.GetEnvironmentVariable("MILLRACE_TAKE_PICTURES") == "1") await TakePicturesAsync(browser, ready.Split(' ')[^1]);
    }

    private static async Task TakePicturesAsync(IBrowser browser, string address)
    {
        var page = await OpenAsync(browser, address + "/jobs", ColorScheme.Dark, 1440);
        await page.Locator("tbody a", new() { HasText = "fraud-rules" }).ClickAsync();
        await TakeAsync(page, "console-job-dark");
        foreach (var (path, name, scheme, width) in _pictures) await TakeAsync(await OpenAsync(browser, $"{address}/{path}", scheme, width), name);
    }

    private static async Task TakeAsync(IPage page, string name)
    {
        await Assertions.Expect(page.GetByText("Asking …")).ToHaveCountAsync(0);
        await page.EvaluateAsync("document.fonts.ready");
        await page.ScreenshotAsync(new() { Path = Path.Combine(RepositoryRoot(), "docs", "images", name + ".png") });
    }

    private static async Task<IPage> OpenAsync(IBrowser browser, string address, ColorScheme scheme, int width)
    {
        var context = await browser.NewContextAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = width < 400 ? 812 : 900 } });
        context.SetDefaultTimeout(30_000);
        var page = await context.NewPageAsync();
        await page.GotoAsync(address);

        // The page is prerendered; it lives when Blazor has taken it over.
        await page.WaitForFunctionAsync("() => document.querySelector('[data-interactive]')");
        return page;
    }

    private static string RepositoryRoot()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Millrace.slnx"))) directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("Not in the repository.");
        return directory;
    }

    [GeneratedRegex(@"[\d,]+ rows", RegexOptions.None, 1000)]
    private static partial Regex Rows();

    [GeneratedRegex("velocity|takeover|travel|structuring", RegexOptions.None, 1000)]
    private static partial Regex Rules();
}
