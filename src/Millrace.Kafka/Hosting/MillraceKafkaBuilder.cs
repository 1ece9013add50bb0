using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Kafka.Consuming;
using Millrace.Kafka.DeadLetters;
using Millrace.Kafka.Naming;
using Millrace.Kafka.Producing;
using Millrace.Schemas.Serialization;

namespace Millrace.Kafka.Hosting;

/// <summary>Adds producers and consumers.</summary>
public sealed class MillraceKafkaBuilder
{
    private readonly IConfiguration? _section;

    internal MillraceKafkaBuilder(IServiceCollection services, IConfiguration? section)
    {
        Services = services;
        _section = section;
    }

    /// <summary>The services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>
    /// Names the serde of a type. Without one: string, byte[], long and Guid have Kafka's own formats, other types are JSON in web style.
    /// </summary>
    /// <typeparam name="T">The type.</typeparam>
    /// <param name="serde">The serde.</param>
    public MillraceKafkaBuilder AddSerde<T>(ISerde<T> serde)
    {
        Services.AddSingleton(serde);
        return this;
    }

    /// <summary>Adds an <see cref="IKafkaProducer{TKey,TValue}"/> for a topic. A second topic with the same types is told apart by its name as the service key.</summary>
    /// <typeparam name="TKey">The key's type.</typeparam>
    /// <typeparam name="TValue">The value's type.</typeparam>
    /// <param name="topic">The topic; its name must follow <see cref="TopicName"/>'s convention.</param>
    public MillraceKafkaBuilder AddProducer<TKey, TValue>(string topic)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        Services.AddOptions<MillraceKafkaOptions>()
            .Validate(o => o.TopicNaming == TopicNaming.Ignore || TopicName.Check(topic) is null, TopicName.Check(topic) is { } problem ? TopicName.IsLegal(topic) ? $"{problem}. For a topic that you do not own, set TopicNaming to Ignore." : problem : "");
        Services.AddKeyedSingleton<IKafkaProducer<TKey, TValue>>(topic, (services, _) => new KafkaProducer<TKey, TValue>(
            topic, Serde<TKey>(services), Serde<TValue>(services), services.GetRequiredService<ProducerPool>(), services.GetRequiredService<TimeProvider>()));
        Services.TryAddSingleton(services => services.GetRequiredKeyedService<IKafkaProducer<TKey, TValue>>(topic));
        return this;
    }

    /// <summary>Adds a consumer that gives records one by one to a handler.</summary>
    /// <typeparam name="TKey">The key's type.</typeparam>
    /// <typeparam name="TValue">The value's type.</typeparam>
    /// <typeparam name="THandler">The handler, made anew for each record.</typeparam>
    /// <param name="topic">The topic.</param>
    /// <param name="groupId">The consumer group. The section <c>Consumers:&lt;group id&gt;</c> may set its options.</param>
    /// <param name="configure">Sets options; wins over the section.</param>
    public MillraceKafkaBuilder AddConsumer<TKey, TValue, THandler>(string topic, string groupId, Action<KafkaConsumerOptions>? configure = null)
        where THandler : class, IMessageHandler<TKey, TValue>
    {
        Services.TryAddScoped<THandler>();
        return AddConsumer<TKey, TValue>(topic, groupId, configure, inBatches: false, static (services, records, token) =>
        {
            var record = records[0];
            return services.GetRequiredService<THandler>().HandleAsync(record, token);
        });
    }

    /// <summary>Adds a consumer that gives records in batches to a handler.</summary>
    /// <inheritdoc cref="AddConsumer{TKey,TValue,THandler}"/>
    public MillraceKafkaBuilder AddBatchConsumer<TKey, TValue, THandler>(string topic, string groupId, Action<KafkaConsumerOptions>? configure = null)
        where THandler : class, IBatchHandler<TKey, TValue>
    {
        Services.TryAddScoped<THandler>();
        return AddConsumer<TKey, TValue>(topic, groupId, configure, inBatches: true, static (services, records, token) =>
            services.GetRequiredService<THandler>().HandleAsync(records, token));
    }

    private static ISerde<T> Serde<T>(IServiceProvider services) => services.GetService<ISerde<T>>() ?? Serdes.ForPrimitive<T>() ?? Serdes.Json<T>();

    private MillraceKafkaBuilder AddConsumer<TKey, TValue>(
        string topic,
        string groupId,
        Action<KafkaConsumerOptions>? configure,
        bool inBatches,
        Func<IServiceProvider, IReadOnlyList<ConsumedRecord<TKey, TValue>>, CancellationToken, Task> handle)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        ArgumentException.ThrowIfNullOrEmpty(groupId);
        // One group may consume several topics with different handlers: each is a member of its own, so the options are named by both.
        var name = $"{groupId}/{topic}";
        var options = Services.AddOptions<KafkaConsumerOptions>(name);
        if (_section is not null)
            options.Bind(_section.GetSection($"Consumers:{groupId}"));
        options.Configure(o =>
        {
            o.GroupId = groupId;
            if (!o.Topics.Contains(topic, StringComparer.Ordinal))
                o.Topics.Add(topic);
            configure?.Invoke(o);
        }).ValidateOnStart();
        Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<KafkaConsumerOptions>, KafkaConsumerOptionsValidator>());
        Services.AddKeyedSingleton(name, (services, _) => new ConsumerStatus(groupId, services.GetRequiredService<IOptionsMonitor<KafkaConsumerOptions>>().Get(name)));
        Services.AddSingleton(services => services.GetRequiredKeyedService<ConsumerStatus>(name));
        Services.AddSingleton<IHostedService>(services => CreateWorker(services, name, inBatches, handle));
        return this;
    }

    private static ConsumerWorker<TKey, TValue> CreateWorker<TKey, TValue>(
        IServiceProvider services,
        string name,
        bool inBatches,
        Func<IServiceProvider, IReadOnlyList<ConsumedRecord<TKey, TValue>>, CancellationToken, Task> handle)
    {
        var status = services.GetRequiredKeyedService<ConsumerStatus>(name);
        var options = status.Options;
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger($"Millrace.Kafka.Consumer.{options.GroupId}");
        var time = services.GetRequiredService<TimeProvider>();
        var config = services.GetRequiredService<IOptions<MillraceKafkaOptions>>().Value.ConsumerConfig(options.Config);
        var native = new Dictionary<string, string>(config.Native, StringComparer.Ordinal) { ["group.id"] = options.GroupId };
        var processor = new RecordProcessor<TKey, TValue>(
            services.GetRequiredService<IServiceScopeFactory>(),
            handle,
            new RecordReader<TKey, TValue>(Serde<TKey>(services), Serde<TValue>(services)),
            services.GetRequiredService<DeadLetterPublisher>(),
            status,
            time,
            logger);
        return new ConsumerWorker<TKey, TValue>(
            options,
            () => new KafkaReaderOptions { Config = native, Logger = logger },
            config.MaxPollRecords ?? options.BatchSize,
            inBatches,
            processor,
            status,
            time,
            logger);
    }
}
