using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Streams.Monitoring;

namespace Millrace.Cli.Hosting;

/// <summary>Serves the state of stream jobs over HTTP, as a subset of Flink's monitoring REST interface, with health and metrics.</summary>
internal sealed class JobsServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private JobsServer(WebApplication app)
    {
        _app = app;
    }

    public string Address => _app.Urls.First();

    public static async Task<JobsServer> StartAsync(string listen, JobRegistry jobs, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(new Forward(logging));
        builder.WebHost.UseUrls(await Addresses.HttpAsync(listen, cancellationToken));
        var app = builder.Build();
        var monitoring = new FlinkMonitoring(jobs);
        app.MapGet("/health", () => jobs.Jobs.Any(j => j.Status == Millrace.Streams.JobStatus.Failed) ? Results.Text("a job has failed", statusCode: 503) : Results.Text("ok"));
        app.MapGet("/metrics", () => Results.Text(JobMetrics.Render(jobs), "text/plain; version=0.0.4"));
        app.MapGet("/{**path}", (HttpRequest request) =>
        {
            var answer = monitoring.Get(request.Path + request.QueryString);
            return Results.Text(answer.Json, "application/json", statusCode: answer.StatusCode);
        });
        await app.StartAsync(cancellationToken);
        return new JobsServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private sealed class Forward(ILoggerFactory factory) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => factory.CreateLogger(categoryName);

        public void Dispose()
        {
            // The factory belongs to the command.
        }
    }
}
