using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Millrace.Console.Alerts;
using Millrace.Console.Backends.ClickHouse;
using Millrace.Console.Backends.Connect;
using Millrace.Console.Backends.Kafka;
using Millrace.Console.Backends.Streams;
using Millrace.Console.Components;
using Millrace.Console.Dashboards;
using Millrace.Console.Rules;
using Millrace.Console.Sampling;
using MudBlazor.Services;

namespace Millrace.Console.Hosting;

/// <summary>Puts the web application together: services, pages, assets, health and metrics.</summary>
internal static class ConsoleHost
{
    // Nothing is loaded from elsewhere; styles are inline in places because sizes of bars and charts are computed.
    private const string ContentSecurityPolicy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'self'";

    public static WebApplication Build(ConsoleOptions options, ILoggerFactory loggerFactory)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(ConsoleHost).Assembly.GetName().Name });
        if (!ConsoleOptionsRules.TryParseListen(options.Listen, out var listen))
            throw new ArgumentException($"Listen = '{options.Listen}': must be host:port.", nameof(options));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(listen.Address, listen.Port);
        });

        var services = builder.Services;
        services.AddLogging();
        services.Replace(ServiceDescriptor.Singleton(loggerFactory));
        services.AddRoutingCore();
        services.AddDataProtection();
        services.Configure<KeyManagementOptions>(static keys =>
        {
            keys.XmlRepository = new KeysInMemory();
            keys.XmlEncryptor = new NullXmlEncryptor();
        });
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddMudServices();
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<EmbeddedAssets>();
        AddData(services, options);

        var app = builder.Build();
        app.Use(static (context, next) =>
        {
            context.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            return next(context);
        });
        // An address that is not the console's gets the page that says so, still with 404.
        app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
        app.UseRouting();
        app.UseAntiforgery();
        app.Services.GetRequiredService<EmbeddedAssets>().Map(app);
        app.MapGet("/health", static () => Results.Text("{\"status\":\"up\"}", "application/json"));
        app.MapGet("/metrics", static (LiveState state, AlertFeed alerts) => Results.Text(MetricsText.Write(state, alerts), MetricsText.ContentType));
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
        return app;
    }

    /// <summary>Where the pages' data comes from; tests put their own <see cref="IKafkaView"/> in its place.</summary>
    internal static void AddData(IServiceCollection services, ConsoleOptions options)
    {
        services.AddSingleton<LiveState>();
        services.AddSingleton<FindingHistory>();
        services.AddSingleton<DashboardStore>();
        services.TryAddSingleton<IKafkaView, KafkaView>();
        services.AddSingleton(new Lazy<ConnectClient?>(() => string.IsNullOrEmpty(options.ConnectUrl) ? null : new ConnectClient(options.ConnectUrl)));
        services.AddSingleton(new Lazy<FlinkClient?>(() => string.IsNullOrEmpty(options.StreamsUrl) ? null : new FlinkClient(options.StreamsUrl)));
        services.AddSingleton(new Lazy<ClickHouseClient?>(() => string.IsNullOrEmpty(options.ClickHouseUrl) ? null : new ClickHouseClient(options)));
        services.AddSingleton<AlertFeed>();
        services.AddHostedService(static provider => provider.GetRequiredService<AlertFeed>());
        services.AddHostedService<Sampler>();
    }
}
