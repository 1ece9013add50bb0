using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using Millrace.Console.Tests.Support;
using Millrace.Kafka.Testing;
using Millrace.TestKit;

namespace Millrace.Console.Tests;

/// <summary>Systems go away and come back under an open page: it says what is gone, and goes on by itself.</summary>
public sealed class RestartTests(Browser browser)
{
    // A client that has lost its broker tries for five seconds before it says so, and busy machines take longer.
    private static readonly LocatorAssertionsToContainTextOptions _patient = new() { Timeout = 30_000 };
    private static readonly LocatorAssertionsToBeVisibleOptions _patientlyVisible = new() { Timeout = 30_000 };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_broker_that_stops_and_comes_back_is_told_and_the_page_goes_on_without_a_reload()
    {
        using var data = new TempDirectory("restart");
        var port = FreePort.Next();
        var kafka = await StartAsync(port, data);
        try
        {
            await ProduceAsync(kafka, "bank.payments.made.v1", "one");
            await using var console = await ConsoleServer.StartAsync(Options($"127.0.0.1:{port}"), cancellationToken: Cancelled);
            await using var visit = await browser.VisitAsync(console.Address, "topics");
            var page = visit.Page;
            await page.EvaluateAsync("window.notReloaded = true");
            var row = page.Locator("tbody tr", new() { HasText = "bank.payments.made.v1" });
            await Assertions.Expect(row).ToContainTextAsync("1");

            await kafka.DisposeAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Kafka does not answer", _patient);
            await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync($"127.0.0.1:{port}");
            // What was seen last stays, with its time.
            await Assertions.Expect(row).ToBeVisibleAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("What you see is from");
            await page.GetByRole(AriaRole.Link, new() { Name = "Overview" }).ClickAsync();
            await Assertions.Expect(page.Locator(".findings")).ToContainTextAsync("Kafka does not answer", _patient);

            kafka = await StartAsync(port, data);
            await Assertions.Expect(page.Locator(".calm")).ToBeVisibleAsync(_patientlyVisible);
            await ProduceAsync(kafka, "bank.payments.made.v2", "two");
            await page.GetByRole(AriaRole.Link, new() { Name = "Topics" }).ClickAsync();
            await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "bank.payments.made.v2" })).ToBeVisibleAsync(_patientlyVisible);
            await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
            await page.GetByRole(AriaRole.Link, new() { Name = "Alerts" }).ClickAsync();
            await page.GetByRole(AriaRole.Tab, new() { Name = "Platform" }).ClickAsync();
            await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "Kafka does not answer" })).ToContainTextAsync("Over", _patient);
            Assert.True(await page.EvaluateAsync<bool>("window.notReloaded"));
            Assert.Empty(visit.Errors);
        }
        finally
        {
            await kafka.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("connectors", "Kafka Connect does not answer", "postgres-connector")]
    [InlineData("jobs", "Stream processing does not answer", "fraud-rules")]
    [InlineData("analytics", "ClickHouse does not answer", "transactions_realtime")]
    public async Task A_system_behind_http_that_stops_and_comes_back_is_told_and_the_page_goes_on(string path, string notice, string content)
    {
        var system = await StandIn.StartAsync(AnswerOf(path));
        try
        {
            var options = Options($"127.0.0.1:{FreePort.Next()}");
            _ = path switch
            {
                "connectors" => options.ConnectUrl = system.Url,
                "jobs" => options.StreamsUrl = system.Url,
                _ => options.ClickHouseUrl = system.Url,
            };
            await using var console = await ConsoleServer.StartAsync(options, cancellationToken: Cancelled);
            await using var visit = await browser.VisitAsync(console.Address, path);
            await Assertions.Expect(visit.Page.GetByText(content).First).ToBeVisibleAsync();
            await Assertions.Expect(visit.Page.GetByText(notice)).ToHaveCountAsync(0);

            var port = new Uri(system.Url).Port;
            await system.DisposeAsync();
            await Assertions.Expect(visit.Page.GetByText(notice)).ToBeVisibleAsync(_patientlyVisible);
            await Assertions.Expect(visit.Page.GetByText("nothing listens there")).ToBeVisibleAsync();
            await Assertions.Expect(visit.Page.GetByText(content).First).ToBeVisibleAsync();

            system = await StandIn.StartAsync(AnswerOf(path), port);
            await Assertions.Expect(visit.Page.GetByText(notice)).ToHaveCountAsync(0, new() { Timeout = 30_000 });
            await Assertions.Expect(visit.Page.GetByText(content).First).ToBeVisibleAsync();
            Assert.Empty(visit.Errors);
        }
        finally
        {
            await system.DisposeAsync();
        }
    }

    private static ConsoleOptions Options(string bootstrap) => new()
    {
        Listen = "127.0.0.1:0",
        Bootstrap = bootstrap,
        ConnectUrl = "",
        StreamsUrl = "",
        ClickHouseUrl = "",
        SampleInterval = TimeSpan.FromMilliseconds(300),
    };

    private static Func<HttpRequest, string, (int Status, string Body)> AnswerOf(string path) => path switch
    {
        "connectors" => new ConnectStandIn().Answer,
        "jobs" => new FlinkStandIn().Answer,
        _ => static (_, _) => (200, """{"meta":[{"name":"database","type":"String"},{"name":"name","type":"String"},{"name":"engine","type":"String"},{"name":"rows","type":"UInt64"},{"name":"bytes","type":"UInt64"}],"data":[["default","transactions_realtime","MergeTree","12","3400"]],"rows":1}"""),
    };

    private static Task<EmbeddedKafka> StartAsync(int port, TempDirectory data) => EmbeddedKafka.StartAsync(options =>
    {
        options.Port = port;
        options.DataDirectory = data;
    }, Cancelled);

    private static async Task ProduceAsync(EmbeddedKafka kafka, string topic, string value)
    {
        using var producer = new Confluent.Kafka.ProducerBuilder<Confluent.Kafka.Null, string>(new Confluent.Kafka.ProducerConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        await producer.ProduceAsync(topic, new() { Value = value }, Cancelled);
    }
}
