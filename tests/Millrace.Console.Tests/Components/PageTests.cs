using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Millrace.Console.Alerts;
using Millrace.Console.Backends.ClickHouse;
using Millrace.Console.Backends.Connect;
using Millrace.Console.Backends.Kafka;
using Millrace.Console.Backends.Streams;
using Millrace.Console.Components.Pages;
using Millrace.Console.Dashboards;
using Millrace.Console.Hosting;
using Millrace.Console.Rules;
using Millrace.Console.Sampling;
using Millrace.Console.Tests.State;
using MudBlazor.Services;
using NSubstitute;

namespace Millrace.Console.Tests.Components;

/// <summary>Each page in each of its states: asking, away, without anything, with data.</summary>
public sealed class PageTests : BunitContext, IAsyncLifetime
{
    private readonly ConsoleOptions _options = new();
    private readonly IKafkaView _kafka = Substitute.For<IKafkaView>();

    public PageTests()
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        var time = new FakeTimeProvider(World.Now);
        Services.AddMudServices();
        Services.AddSingleton(_options);
        Services.AddSingleton<TimeProvider>(time);
        Services.AddSingleton(_kafka);
        Services.AddSingleton<FindingHistory>();
        Services.AddSingleton<DashboardStore>();
        Services.AddSingleton<AlertFeed>();
        Services.AddSingleton(typeof(ILogger<>), typeof(Microsoft.Extensions.Logging.Abstractions.NullLogger<>));
        Services.AddSingleton(new Lazy<ConnectClient?>(static () => null));
        Services.AddSingleton(new Lazy<FlinkClient?>(static () => null));
        Services.AddSingleton(new Lazy<ClickHouseClient?>(static () => null));
        Services.AddSingleton<EmbeddedAssets>();
    }

    public static TheoryData<Type> Pages => [typeof(Overview), typeof(Topics), typeof(Groups), typeof(Connectors), typeof(Jobs), typeof(Analytics), typeof(Millrace.Console.Components.Pages.Alerts)];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    [Theory]
    [MemberData(nameof(Pages))]
    public void While_the_first_answer_is_awaited_a_page_says_so(Type page)
    {
        var shown = Show(page, World.Empty());

        Assert.Contains("Asking …", shown.Markup, StringComparison.Ordinal);
        Assert.Single(shown.FindAll("h1"));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void With_data_a_page_has_one_heading_and_every_control_a_name(Type page)
    {
        var shown = Show(page, World.Healthy());

        Assert.Single(shown.FindAll("h1"));
        Assert.DoesNotContain("Asking …", shown.Markup, StringComparison.Ordinal);
        Assert.All(shown.FindAll("button, a"), static element => Assert.True(element.TextContent.Trim().Length > 0 || element.HasAttribute("aria-label"), element.OuterHtml));
        Assert.All(shown.FindAll("input, select, textarea"), static element => Assert.True(element.Closest("label") is not null || element.HasAttribute("aria-label"), element.OuterHtml));
        Assert.All(shown.FindAll("svg"), static element => Assert.True(element.HasAttribute("aria-hidden") || element.HasAttribute("aria-label"), element.OuterHtml));
    }

    [Theory]
    [InlineData(typeof(Topics))]
    [InlineData(typeof(Groups))]
    public void A_broker_that_is_away_is_told_with_its_address_and_what_to_do(Type page)
    {
        var state = World.Empty();
        state.Kafka = state.Kafka with { Problem = World.Refused };

        var notice = Show(page, state).Find("[role=alert]");

        Assert.Contains("127.0.0.1:9092", notice.TextContent, StringComparison.Ordinal);
        Assert.Contains("Start a broker there.", notice.TextContent, StringComparison.Ordinal);
        Assert.Contains("this page fills by itself", notice.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_seen_stays_while_the_broker_is_away_and_the_notice_goes_when_it_is_back()
    {
        var state = World.Healthy();
        var shown = Show(typeof(Topics), state);
        Assert.Empty(shown.FindAll("[role=alert]"));

        state.Kafka = state.Kafka with { Problem = World.Refused };
        state.NotifyChanged();
        shown.WaitForAssertion(() => Assert.Contains("It goes on by itself", shown.Find("[role=alert]").TextContent, StringComparison.Ordinal));
        Assert.Contains("cdc.transactions", shown.Markup, StringComparison.Ordinal);

        state.Kafka = state.Kafka with { Problem = null };
        state.NotifyChanged();
        shown.WaitForAssertion(() => Assert.Empty(shown.FindAll("[role=alert]")));
    }

    [Theory]
    [InlineData(typeof(Topics), "No topics yet")]
    [InlineData(typeof(Groups), "No consumer groups yet")]
    [InlineData(typeof(Connectors), "No connectors yet")]
    [InlineData(typeof(Jobs), "No jobs")]
    [InlineData(typeof(Analytics), "No tables yet")]
    [InlineData(typeof(Overview), "Nothing flows yet")]
    [InlineData(typeof(Millrace.Console.Components.Pages.Alerts), "No alerts")]
    public void An_empty_platform_is_told_what_fills_the_page(Type page, string title)
    {
        var state = World.Empty();
        state.Kafka = World.Of(new KafkaSnapshot([], [], []));
        state.Connectors = World.Of<IReadOnlyList<Connector>>([]);
        state.Jobs = World.Of<IReadOnlyList<Job>>([]);
        state.Tables = World.Of<IReadOnlyList<StoredTable>>([]);

        Assert.Contains(title, Show(page, state).Find(".empty").TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(typeof(Connectors), "ConnectUrl")]
    [InlineData(typeof(Jobs), "StreamsUrl")]
    [InlineData(typeof(Analytics), "ClickHouseUrl")]
    public void Without_an_address_a_page_names_the_setting(Type page, string setting)
    {
        _options.ConnectUrl = _options.StreamsUrl = _options.ClickHouseUrl = null;

        Assert.Contains(setting, Show(page, new LiveState(_options)).Find(".notice").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void The_overview_says_what_is_wrong_and_what_to_do()
    {
        var state = World.Healthy();
        state.Findings = [new Finding("k", Severity.Critical, "x", "Connector x failed", "boom", "Mend it.", "connectors/x")];

        var finding = Show(typeof(Overview), state).Find(".findings li");

        Assert.Equal("connectors/x", finding.QuerySelector("a")!.GetAttribute("href"));
        Assert.Contains("Mend it.", finding.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Topics_are_found_by_part_of_their_name_and_sorted_by_column()
    {
        var shown = Show(typeof(Topics), World.Healthy());

        shown.Find("input[type=search]").Input("FRAUD");
        Assert.Equal("fraud.alerts.detected.v1", Assert.Single(shown.FindAll("tbody tr td.name")).TextContent);
        shown.Find("input[type=search]").Input("");
        shown.Find("th button").Click();
        Assert.Equal("payments.account-activity.per-minute.v1", shown.FindAll("tbody tr td.name")[0].TextContent);
        Assert.Equal("descending", shown.Find("th[aria-sort]").GetAttribute("aria-sort"));
    }

    [Fact]
    public void A_connectors_secrets_are_masked_and_read_only_hides_its_actions()
    {
        _options.ReadOnly = true;
        Services.AddSingleton(World.Healthy());

        var shown = Render<ConnectorPage>(static parameters => parameters.Add(static page => page.Name, "postgres-connector"));

        Assert.DoesNotContain("hunter2", shown.Markup, StringComparison.Ordinal);
        Assert.Contains(Secrets.Mask, shown.Markup, StringComparison.Ordinal);
        Assert.Empty(shown.FindAll(".actions"));
    }

    [Fact]
    public void Records_are_shown_newest_first_and_a_change_opens_into_before_and_after()
    {
        Services.AddSingleton(World.Healthy());
        _kafka.BrowseAsync(Arg.Any<BrowseQuery>(), Arg.Any<CancellationToken>()).Returns(new BrowseResult(
        [
            Record(1, "{\"a\":1}"), Record(2, """{"before":{"id":1,"b":"10"},"after":{"id":1,"b":"7"},"op":"u","source":{"table":"t"}}"""),
        ], 2, true));

        var shown = Render<TopicPage>(static parameters => parameters.Add(static page => page.Name, "cdc.accounts"));
        shown.WaitForAssertion(() => Assert.Equal(2, shown.FindAll("button.opener").Count));
        Assert.Contains("b 10 → 7", shown.FindAll("tbody tr")[0].TextContent, StringComparison.Ordinal);
        shown.Find("button.opener").Click();

        Assert.Equal(["10", "7"], shown.FindAll("table.diff tr.changed td.old, table.diff tr.changed td.new").Select(static cell => cell.TextContent));
        Assert.Equal("true", shown.Find("button.opener").GetAttribute("aria-expanded"));
    }

    private static KafkaRecord Record(long offset, string value) => new("cdc.accounts", 0, offset, World.Now, null, System.Text.Encoding.UTF8.GetBytes(value), []);

    private IRenderedComponent<DynamicComponent> Show(Type page, LiveState state)
    {
        Services.AddSingleton(state);
        return Render<DynamicComponent>(parameters => parameters.Add(static shown => shown.Type, page));
    }
}
