using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Millrace.Console.Tests.Support;
using Millrace.TestKit;

[assembly: AssemblyFixture(typeof(Millrace.Console.Tests.Support.Browser))]
[assembly: AssemblyFixture(typeof(Millrace.Console.Tests.Support.PlatformFixture))]

namespace Millrace.Console.Tests;

/// <summary>The console in a real browser over a real Kafka.</summary>
public sealed partial class BrowserTests(Browser browser, PlatformFixture platform)
{
    public static TheoryData<string, string> Pages => new()
    {
        { "", "Overview" }, { "topics", "Topics" }, { "topics/cdc.accounts", "cdc.accounts" }, { "groups", "Consumer groups" }, { "groups/fraud-rules", "fraud-rules" }, { "connectors", "Connectors" },
        { "connectors/postgres-connector", "postgres-connector" }, { "jobs", "Jobs" }, { "jobs/f2d0", "fraud-rules" }, { "analytics", "Analytics" }, { "alerts", "Alerts" },
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_page_shows_wide_and_narrow_light_and_dark_without_an_error(string path, string heading)
    {
        foreach (var (scheme, width) in new[] { (ColorScheme.Light, 1440), (ColorScheme.Dark, 375) })
        {
            await using var visit = await browser.VisitAsync(platform.Console.Address, path, scheme, width);

            await Assertions.Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(heading);
            await Eventually.True(async () => await visit.Page.GetByText("Asking …").CountAsync() == 0, $"{path} has its data", cancellationToken: Cancelled);
            Assert.Equal(scheme == ColorScheme.Dark ? "dark" : "light", await visit.Page.EvaluateAsync<string>("document.documentElement.dataset.theme"));
            Assert.True(await visit.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{path} scrolls sideways at {width} px");
            Assert.Empty(await visit.Page.EvaluateAsync<string[]>(UnnamedControls));
            Assert.Empty(visit.Errors);
        }
    }

    [Fact]
    public async Task Numbers_change_without_a_reload()
    {
        await using var visit = await browser.VisitAsync(platform.Console.Address, "topics/cdc.transactions");
        var records = visit.Page.Locator("[data-live-number=offsets]");
        await Assertions.Expect(records).ToHaveTextAsync(Digits());
        await visit.Page.EvaluateAsync("window.notReloaded = true");
        var first = await records.TextContentAsync();

        await Eventually.True(async () => await records.TextContentAsync() != first, "the number of offsets changed", cancellationToken: Cancelled);

        Assert.True(await visit.Page.EvaluateAsync<bool>("window.notReloaded"));
        Assert.Empty(visit.Errors);
    }

    [Fact]
    public async Task The_pipeline_is_drawn_and_flows()
    {
        await using var visit = await browser.VisitAsync(platform.Console.Address, "");

        await Assertions.Expect(visit.Page.Locator(".pipeline a.place", new() { HasText = "cdc.transactions" })).ToBeVisibleAsync();
        await Assertions.Expect(visit.Page.Locator(".pipeline .place", new() { HasText = "fraud-rules" }).Locator(".rate")).ToHaveTextAsync(Digits());
        await Assertions.Expect(visit.Page.Locator(".findings")).ToContainTextAsync("Task 0 of connector archive-sink failed");
        await Assertions.Expect(visit.Page.Locator("path.flowing").First).ToBeAttachedAsync();
    }

    [Fact]
    public async Task An_address_that_is_none_gets_a_page_that_says_so()
    {
        await using var visit = await browser.VisitAsync(platform.Console.Address, "nowhere/at/all");

        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("No such page");
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "overview", Exact = true }).ClickAsync();
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Overview");
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_page_is_walked_through_by_tab_with_a_visible_focus_on_a_phone(string path, string heading)
    {
        await using var visit = await browser.VisitAsync(platform.Console.Address, path, ColorScheme.Light, 375, 812);
        var page = visit.Page;
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(heading);
        await Eventually.True(async () => await page.GetByText("Asking …").CountAsync() == 0, $"{path} has its data", cancellationToken: Cancelled);
        // Where a page begins for the keyboard; after a navigation the focus is on the heading.
        await page.Locator(".skip").FocusAsync();

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 25; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            var place = await page.EvaluateAsync<string>(Focused);
            if (place.Length == 0) break;
            Assert.False(place.StartsWith("hidden", StringComparison.Ordinal), $"{path}: the focus is on something that cannot be seen: {place}");
            seen.Add(place);
        }

        Assert.Contains(seen, static place => place.Contains("menu-button", StringComparison.Ordinal));
        Assert.True(seen.Count >= 3, string.Join('\n', seen));
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{path} scrolls sideways");
    }

    [Fact]
    public async Task By_keyboard_alone_a_record_is_found_opened_and_compared()
    {
        await using var visit = await browser.VisitAsync(platform.Console.Address, "");
        var page = visit.Page;
        await page.Locator(".skip").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("main")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("?");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Go to Topics");
        await page.Keyboard.PressAsync("Escape");

        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("t");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = "Topics" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("cdc.acc");
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await TabToAsync(page, "cdc.accounts");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("cdc.accounts");

        await Assertions.Expect(page.Locator("button.opener").First).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("Kim Minjun");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByText(SearchedFurther())).ToBeVisibleAsync();
        await TabToAsync(page, "Record ");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("table.diff tr.changed")).ToHaveCountAsync(1);

        await page.Keyboard.PressAsync("d");
        Assert.Equal("dark", await page.EvaluateAsync<string>("document.documentElement.dataset.theme"));
        await page.ReloadAsync();
        Assert.Equal("dark", await page.EvaluateAsync<string>("document.documentElement.dataset.theme"));
        Assert.Empty(visit.Errors);
    }

    [Fact]
    public async Task Following_a_topic_shows_new_records_as_they_come()
    {
        await using var visit = await browser.VisitAsync(platform.Console.Address, "topics/cdc.transactions");
        await Assertions.Expect(visit.Page.Locator("button.opener").First).ToBeVisibleAsync();
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Follow" }).ClickAsync();

        var first = visit.Page.Locator("table.records tbody tr.fresh").First;
        await Assertions.Expect(first).ToBeVisibleAsync();
        var offset = await first.Locator("td").First.TextContentAsync();
        await Eventually.True(async () => await first.Locator("td").First.TextContentAsync() != offset, "newer records came", cancellationToken: Cancelled);
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Following" }).ClickAsync();
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Follow", Exact = true })).ToBeVisibleAsync();
        Assert.Empty(visit.Errors);
    }

    [Fact]
    public async Task A_connector_is_paused_only_after_asking_and_goes_on_when_resumed()
    {
        await using var visit = await browser.VisitAsync(platform.Console.Address, "connectors/clickhouse-sink");
        var page = visit.Page;
        await Assertions.Expect(page.GetByText("never-show-this")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        Assert.Equal("RUNNING", platform.Connect.SinkState);

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        Assert.Equal("PAUSED", platform.Connect.SinkState);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pause" })).ToBeVisibleAsync();
        Assert.Empty(visit.Errors);
    }

    [Fact]
    public async Task A_statement_runs_with_control_enter_and_its_result_is_a_table_or_a_chart()
    {
        await using var visit = await browser.VisitAsync(platform.Console.Address, "analytics");
        var page = visit.Page;
        var editor = page.GetByLabel("SQL statement");
        await editor.FillAsync("SELECT transaction_type, count() AS payments, toUInt64(9007199254740993) AS big FROM transactions_realtime GROUP BY 1 ORDER BY 1");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new() { Name = "Result", Exact = true }).GetByRole(AriaRole.Cell, new() { Name = "CARD_PAYMENT" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("9007199254740993").First).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Bar" }).ClickAsync();
        await Assertions.Expect(page.Locator("svg.chart rect.s1")).ToHaveCountAsync(4);

        await editor.FillAsync("SELEC 1");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Syntax error");
        Assert.Empty(visit.Errors);
    }

    [Fact]
    public async Task A_big_result_scrolls_without_being_drawn_whole()
    {
        await using var visit = await browser.VisitAsync(platform.Console.Address, "analytics");
        await visit.Page.GetByLabel("SQL statement").FillAsync("SELECT number, number * 2 FROM numbers(8000)");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Run" }).ClickAsync();
        await Assertions.Expect(visit.Page.GetByText("8,000 rows", new() { Exact = true })).ToBeVisibleAsync();

        Assert.True(await visit.Page.Locator("table.grid tbody tr").CountAsync() < 300);
        await visit.Page.Locator(".scroll.tall").EvaluateAsync("element => element.scrollTop = element.scrollHeight");
        await Assertions.Expect(visit.Page.GetByText("15998")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_dashboard_made_from_a_table_lives_and_is_deleted_again()
    {
        await using var visit = await browser.VisitAsync(platform.Console.Address, "analytics");
        var page = visit.Page;
        var create = page.GetByRole(AriaRole.Button, new() { Name = "Create" });
        await Eventually.True(() => ChooseTableAsync(page, create), "the chosen table can be made a dashboard", cancellationToken: Cancelled);
        await create.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("transactions realtime");
        var rows = page.GetByRole(AriaRole.Region, new() { Name = "Rows", Exact = true }).Locator(".big");
        await Assertions.Expect(rows).ToHaveTextAsync(Digits());
        await Assertions.Expect(page.Locator("path.series").First).ToBeAttachedAsync();
        var first = await rows.TextContentAsync();
        await Eventually.True(async () => await rows.TextContentAsync() != first, "the number of rows grew", cancellationToken: Cancelled);

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete …" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Analytics");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "transactions realtime" })).ToHaveCountAsync(0);
        Assert.Empty(visit.Errors);
    }

    /// <summary>A choice that the page forgot while its list of tables was drawn anew is made again.</summary>
    private static async Task<bool> ChooseTableAsync(IPage page, ILocator create)
    {
        if (await create.IsEnabledAsync()) return true;
        var tables = page.GetByLabel("From a table");
        await tables.SelectOptionAsync("");
        await tables.SelectOptionAsync("transactions_realtime");
        return false;
    }

    private static async Task TabToAsync(IPage page, string name)
    {
        for (var i = 0; i < 60; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            var focused = await page.EvaluateAsync<string>("(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent || '').trim()");
            if (focused.StartsWith(name, StringComparison.Ordinal)) return;
        }

        Assert.Fail($"Tab never reached '{name}'.");
    }

    // What has the focus, beginning with "hidden" if it has no size, stands outside the page or shows no ring; empty past the last.
    private const string Focused =
        """
        (() => {
          const e = document.activeElement;
          if (!e || e === document.body) return '';
          const box = e.getBoundingClientRect(), style = getComputedStyle(e);
          const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
          const seen = box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth && style.visibility === 'visible';
          return `${seen && ring ? 'seen' : 'hidden'} ${e.tagName} ${e.className} ${(e.getAttribute('aria-label') || e.textContent || '').trim().slice(0, 40)}`;
        })()
        """;

    // Buttons, links and fields that a screen reader could not name.
    private const string UnnamedControls =
        """
        [...document.querySelectorAll('a[href], button, input, select, textarea, [role=img]')].filter(e => !e.closest('.mud-snackbar, [hidden]') &&
          !(e.getAttribute('aria-label') || e.textContent.trim() || e.getAttribute('title') || (e.labels && e.labels.length))).map(e => e.outerHTML)
        """;

    // Without a filter the newest 150 of each of three partitions are read, which leaves room for marks; with one it is more.
    [GeneratedRegex(@"^50 of (?!450 )[\d,]{3,} records read", RegexOptions.None, 1000)]
    private static partial Regex SearchedFurther();

    [GeneratedRegex(@"\d", RegexOptions.None, 1000)]
    private static partial Regex Digits();
}
