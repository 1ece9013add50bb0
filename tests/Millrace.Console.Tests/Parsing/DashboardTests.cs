using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Console.Backends.ClickHouse;
using Millrace.Console.Dashboards;
using Millrace.Console.Tests.Support;
using Millrace.TestKit;

namespace Millrace.Console.Tests.Parsing;

public sealed class DashboardTests
{
    private static readonly Dashboard Payments = new() { Title = "Payments / live", Panels = [new Panel { Title = "Volume", Sql = "SELECT 1 AS \"x\" WHERE 1 < 2", Kind = PanelKind.Bar }] };

    [Fact]
    public async Task What_is_saved_is_loaded_again()
    {
        using var directory = new TempDirectory();
        var store = Store(directory.Combine("boards"));

        var saved = await store.SaveAsync(Payments, TestContext.Current.CancellationToken);
        var (loaded, broken) = await store.LoadAsync(TestContext.Current.CancellationToken);

        Assert.Equal("payments-live", saved.Id);
        Assert.Empty(broken);
        Assert.Equal(Payments.Panels, Assert.Single(loaded).Panels);
        store.Delete(saved.Id);
        Assert.Empty((await store.LoadAsync(TestContext.Current.CancellationToken)).Dashboards);
    }

    [Fact]
    public async Task An_id_cannot_leave_the_folder()
    {
        using var directory = new TempDirectory();
        var store = Store(directory.Combine("boards"));

        await store.SaveAsync(Payments with { Id = "../../escape" }, TestContext.Current.CancellationToken);

        Assert.Equal(["escape.json"], Directory.GetFiles(directory.Combine("boards")).Select(static file => System.IO.Path.GetFileName(file)));
    }

    [Theory]
    [InlineData("""{"title":"x","panels":[{"title":"p","sql":"SELECT 1","width":13}]}""", "'width' is 13")]
    [InlineData("""{"panels":[]}""", "'title' is missing")]
    [InlineData("""{"title":"x","colour":"red"}""", "colour")]
    [InlineData("""{"title":"x","panels":[null]}""", "null")]
    [InlineData("not json", "is an invalid JSON literal")]
    public async Task A_broken_file_is_named_with_its_reason_and_hides_no_other(string text, string reason)
    {
        using var directory = new TempDirectory();
        await File.WriteAllTextAsync(directory.Combine("broken.json"), text, TestContext.Current.CancellationToken);
        var store = Store(directory);
        await store.SaveAsync(Payments, TestContext.Current.CancellationToken);

        var (loaded, broken) = await store.LoadAsync(TestContext.Current.CancellationToken);

        Assert.Single(loaded);
        var one = Assert.Single(broken);
        Assert.Equal("broken.json", one.File);
        Assert.Contains(reason, one.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_files_are_refused_and_nothing_else()
    {
        var random = new Random(5);
        var original = """{"title":"x","refreshSeconds":5,"panels":[{"title":"p","sql":"SELECT 1","kind":"bar","width":6}]}"""u8.ToArray();
        for (var i = 0; i < 2000; i++)
        {
            try
            {
                DashboardStore.Parse(System.Text.Encoding.UTF8.GetString(Damage.Bytes(original, random)), "x");
            }
            catch (FormatException)
            {
                // What a damaged file gets.
            }
        }
    }

    [Fact]
    public void A_template_asks_for_volume_percentiles_and_error_rate_where_the_columns_are()
    {
        var dashboard = DashboardTemplates.Of(new StoredTable("default", "transactions_realtime", "MergeTree", 1, 1),
            [new("transaction_id", "UUID"), new("amount", "Decimal(18, 2)"), new("status", "LowCardinality(String)"), new("created_at", "DateTime64(3, 'Asia/Seoul')")]);

        Assert.Empty(dashboard.Validate());
        Assert.Contains(dashboard.Panels, static panel => panel.Sql.Contains("quantile(0.99)(`amount`)", StringComparison.Ordinal));
        Assert.Contains(dashboard.Panels, static panel => panel.Title.StartsWith("Error rate", StringComparison.Ordinal));
        Assert.Contains(dashboard.Panels, static panel => panel.Title.StartsWith("Volume", StringComparison.Ordinal));
    }

    private static DashboardStore Store(string directory) => new(new ConsoleOptions { DashboardsDirectory = directory }, NullLogger<DashboardStore>.Instance);
}
