using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Millrace.TestKit;

namespace Millrace.EndToEnd.Tests;

/// <summary>The demo as a person sees it: in a browser, on its console.</summary>
public sealed partial class ConsoleTests
{
    // Every page, in light and in dark; "{job}" is found on the page of jobs.
    private static readonly (string Path, string Name)[] _pictures =
    [
        ("", "overview"), ("topics", "topics"), ("topics/cdc.accounts", "topic"), ("groups", "groups"), ("groups/fraud-rules", "group"), ("connectors", "connectors"),
        ("connectors/postgres-connector", "connector"), ("jobs", "jobs"), ("{job}", "job"), ("analytics?table=account_activity_per_minute", "analytics"),
        ("analytics/dashboards/payments", "payments"), ("analytics/dashboards/fraud", "fraud"), ("alerts", "alerts"),
    ];

    private static readonly (string Path, string Name)[] _phonePictures = [("", "overview"), ("topics", "topics"), ("analytics/dashboards/payments", "payments")];

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
        // The alert is a row of ClickHouse soon after, and stands in the table of the dashboard.
        await page.Locator("nav a[href=analytics]").First.ClickAsync();
        await page.Locator("nav a", new() { HasText = "Fraud" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Latest alerts" }).Locator("tbody").First).ToContainTextAsync(Rules(), new() { Timeout = 30_000 });
        Assert.True(await page.EvaluateAsync<bool>("window.notReloaded"));

        if (Environment.GetEnvironmentVariable("MILLRACE_TAKE_PICTURES") == "1") await TakePicturesAsync(browser, ready.Split(' ')[^1]);
    }

    // A bank that has just opened has flat lines and no closed minute: a minute and a half of traffic shows what it is like.
    private static async Task TakePicturesAsync(IBrowser browser, string address)
    {
        var page = await OpenAsync(browser, address + "/analytics/dashboards/payments", ColorScheme.Light, 1440);
        await Assertions.Expect(page.Locator("svg.chart").First).ToBeVisibleAsync();
        await Task.Delay(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);
        await page.Locator("nav a[href=jobs]").First.ClickAsync();
        var job = await page.Locator("tbody a", new() { HasText = "fraud-rules" }).GetAttributeAsync("href") ?? "";
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            foreach (var (path, name) in _pictures) await TakeAsync(await OpenAsync(browser, $"{address}/{(path == "{job}" ? job : path)}", scheme, 1440), $"console-{name}-{scheme.ToString().ToLowerInvariant()}");
            foreach (var (path, name) in _phonePictures) await TakeAsync(await OpenAsync(browser, $"{address}/{path}", scheme, 375), $"console-phone-{name}-{scheme.ToString().ToLowerInvariant()}");
        }
    }

    private static async Task TakeAsync(IPage page, string name)
    {
        await Assertions.Expect(page.GetByText("Asking …")).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByText("Reading …")).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
        await page.EvaluateAsync("document.fonts.ready");
        // Results of statements and the first numbers of a page come a moment after it.
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        await page.ScreenshotAsync(new() { Path = Path.Combine(RepositoryRoot(), "docs", "images", name + ".png") });
        await page.Context.CloseAsync();
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
