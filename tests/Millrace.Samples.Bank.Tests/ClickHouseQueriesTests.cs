using System.Net;
using Millrace.Samples.Bank.Audit;

namespace Millrace.Samples.Bank.Tests;

public sealed class ClickHouseQueriesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_question_is_asked_again_while_the_server_is_being_restarted()
    {
        using var away = new Answers(HttpStatusCode.ServiceUnavailable, null, HttpStatusCode.OK);
        using var http = new HttpClient(away);
        Assert.Equal(7, (await new ClickHouseQueries(http, new Uri("http://127.0.0.1:1")).ScalarAsync("SELECT 7", Ct)).GetInt32());
        Assert.Equal(3, away.Asked);
    }

    [Fact]
    public async Task What_is_refused_for_good_or_may_have_happened_is_not_sent_again()
    {
        using var refused = new Answers(HttpStatusCode.BadRequest, HttpStatusCode.ServiceUnavailable);
        using var http = new HttpClient(refused);
        var queries = new ClickHouseQueries(http, new Uri("http://127.0.0.1:1"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => queries.QueryAsync("SELEC", Ct));
        Assert.Equal(1, refused.Asked);
        await Assert.ThrowsAsync<InvalidOperationException>(() => queries.ExecuteAsync("INSERT INTO t VALUES (1)", Ct));
        Assert.Equal(2, refused.Asked);
    }

    // null: the connection is refused.
    private sealed class Answers(params HttpStatusCode?[] answers) : HttpMessageHandler
    {
        public int Asked { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            answers[Asked++] is { } status
                ? Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(status == HttpStatusCode.OK ? "[7]\n" : "Code: 1.") })
                : Task.FromException<HttpResponseMessage>(new HttpRequestException("refused"));
    }
}
