using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Millrace.Kafka.DeadLetters;
using Millrace.Kafka.Hosting;
using Millrace.Kafka.Producing;

// Where people look for it.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Millrace's Kafka SDK.</summary>
public static class MillraceKafkaServiceCollectionExtensions
{
    /// <summary>The section that is read.</summary>
    public const string SectionName = "Millrace:Kafka";

    /// <summary>Adds the SDK, configured by the section <c>Millrace:Kafka</c> and, after it, in code. All of it is checked when the host starts.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The application's configuration; null: in code alone.</param>
    /// <param name="configure">Sets options; wins over the section.</param>
    public static MillraceKafkaBuilder AddMillraceKafka(
        this IServiceCollection services, IConfiguration? configuration = null, Action<MillraceKafkaOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var section = configuration?.GetSection(SectionName);
        var options = services.AddOptions<MillraceKafkaOptions>();
        if (section is not null)
            options.Bind(section);
        if (configure is not null)
            options.Configure(configure);
        options.ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MillraceKafkaOptions>, MillraceKafkaOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ProducerPool>();
        services.TryAddSingleton<DeadLetterPublisher>();
        services.TryAddSingleton<KafkaHealthCheck>();
        return new MillraceKafkaBuilder(services, section);
    }

    /// <summary>Adds <see cref="KafkaHealthCheck"/>: <c>services.AddHealthChecks().AddMillraceKafka()</c>.</summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="tags">Its tags, to choose checks by: <c>live</c>, <c>ready</c>.</param>
    public static IHealthChecksBuilder AddMillraceKafka(this IHealthChecksBuilder builder, string name = "millrace-kafka", params IEnumerable<string> tags)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddCheck<KafkaHealthCheck>(name, failureStatus: null, tags);
    }
}
