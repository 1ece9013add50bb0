using System.Net;
using Millrace.ClickHouse;
using Millrace.TestKit;

[assembly: AssemblyFixture(typeof(Millrace.ClickHouse.Tests.ClickHouseFixture))]

namespace Millrace.ClickHouse.Tests;

/// <summary>One server for all tests that do not restart or configure theirs.</summary>
public sealed class ClickHouseFixture : IAsyncLifetime
{
    private readonly TempDirectory _data = new("clickhouse");

    public ClickHouseServer Server { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public static ClickHouseOptions Options(string data) => new() { Listen = new IPEndPoint(IPAddress.Loopback, 0), DataDirectory = data };

    public async ValueTask InitializeAsync()
    {
        Server = await ClickHouseServer.StartAsync(Options(_data));
        Http = new HttpClient { BaseAddress = Server.Address };
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        _data.Dispose();
    }
}

internal static class Asking
{
    /// <summary>Sends a statement as a body and gives the answer's text; an error is the test's failure.</summary>
    internal static async Task<string> AskAsync(this HttpClient http, string statement, string parameters = "")
    {
        var (status, text) = await http.TryAskAsync(statement, parameters);
        Assert.True(status == HttpStatusCode.OK, text);
        return text.TrimEnd('\n');
    }

    internal static async Task<(HttpStatusCode Status, string Text)> TryAskAsync(this HttpClient http, string statement, string parameters = "")
    {
        using var content = new StringContent(statement);
        using var response = await http.PostAsync(new Uri("/" + parameters, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
