using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Millrace.Connect.Rest;

/// <summary>Serves Kafka Connect's REST interface (KIP-26 and its successors); errors are <c>{"error_code":…,"message":…}</c>.</summary>
internal static class RestServer
{
    // No configuration of a connector comes near this size.
    private const long MaxBody = 4 * 1024 * 1024;

    // Messages for people keep their quotes and letters.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static async Task<(WebApplication Server, Uri Address)> StartAsync(ConnectWorker worker, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Limits.MaxRequestBodySize = MaxBody).UseUrls(worker.Services.Options.Listener);
        builder.Services.AddSingleton(worker.Services.LoggerFactory);
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var logger = worker.Services.LoggerFactory.CreateLogger("Millrace.Connect.Rest");
        app.Use(next => context => GuardAsync(worker.IsReady ? next : static _ => throw new RestException(HttpStatusCode.ServiceUnavailable, "The worker is starting: it reads its stored connectors from Kafka. Ask again in a moment."), context, logger));
        app.UseRouting();
        ConnectorEndpoints.Map(app, worker);
        OffsetEndpoints.Map(app, worker);
        PluginEndpoints.Map(app, worker);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            await app.DisposeAsync();
            throw new ConnectException($"Connect's REST interface cannot listen at {worker.Services.Options.Listener}: {e.Message} Choose another address by listeners.", e);
        }

        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return (app, new Uri(address));
    }

    internal static async Task<string> BodyAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        return await reader.ReadToEndAsync(context.RequestAborted);
    }

    internal static async Task JsonAsync(HttpContext context, JsonNode? body, HttpStatusCode status = HttpStatusCode.OK)
    {
        context.Response.StatusCode = (int)status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body?.ToJsonString(Readable) ?? "null", context.RequestAborted);
    }

    internal static void Empty(HttpContext context, HttpStatusCode status) => context.Response.StatusCode = (int)status;

    private static async Task GuardAsync(RequestDelegate next, HttpContext context, ILogger logger)
    {
        try
        {
            await next(context);
            if (context.Response is { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false })
                await ErrorAsync(context, HttpStatusCode.MethodNotAllowed, "HTTP 405 Method Not Allowed");
            else if (context.GetEndpoint() is null && context.Response is { StatusCode: StatusCodes.Status404NotFound, HasStarted: false })
                await ErrorAsync(context, HttpStatusCode.NotFound, $"HTTP 404 Not Found: {context.Request.Path}");
        }
        catch (RestException e)
        {
            await ErrorAsync(context, e.Status, e.Message);
        }
        catch (ConfigException e)
        {
            await ErrorAsync(context, HttpStatusCode.BadRequest, e.Message);
        }
        catch (BadHttpRequestException e)
        {
            await ErrorAsync(context, (HttpStatusCode)e.StatusCode, e.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for the answer.
        }
        catch (Exception e)
        {
            logger.RequestFailed(e, context.Request.Method, context.Request.Path);
            await ErrorAsync(context, HttpStatusCode.InternalServerError, e.Message);
        }
    }

    private static Task ErrorAsync(HttpContext context, HttpStatusCode status, string message) =>
        context.Response.HasStarted ? Task.CompletedTask : JsonAsync(context, new JsonObject { ["error_code"] = (int)status, ["message"] = message }, status);
}
