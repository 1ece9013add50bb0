namespace Millrace.Protocol;

/// <summary>A message of the Kafka protocol, or a versioned record of its internal topics.</summary>
public interface IKafkaMessage
{
    /// <summary>Reads the body. Fields that the version lacks keep their defaults; tagged fields that are not known are skipped.</summary>
    /// <param name="reader">Where the body begins.</param>
    /// <param name="version">The version.</param>
    /// <exception cref="MalformedMessageException">The bytes are no such message.</exception>
    void Read(ref KafkaReader reader, short version);

    /// <summary>Writes the body. Fields that the version lacks are left out.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="version">The version.</param>
    /// <exception cref="MalformedMessageException">A field is null that must not be in this version.</exception>
    void Write(ref KafkaWriter writer, short version);
}

/// <summary>A message whose type tells its versions.</summary>
public interface IVersionedMessage : IKafkaMessage
{
    /// <summary>Gets the lowest version that this library reads and writes.</summary>
    static abstract short LowestVersion { get; }

    /// <summary>Gets the highest version.</summary>
    static abstract short HighestVersion { get; }

    /// <summary>Gets the first version with compact lengths and tagged fields, or <see cref="short.MaxValue"/> where there is none.</summary>
    static abstract short FirstFlexibleVersion { get; }
}

/// <summary>A request.</summary>
public interface IKafkaRequest : IVersionedMessage
{
    /// <summary>Gets the API.</summary>
    static abstract ApiKey ApiKey { get; }
}

/// <summary>A request that is answered by <typeparamref name="TResponse"/>.</summary>
/// <typeparam name="TResponse">The response.</typeparam>
public interface IKafkaRequest<TResponse> : IKafkaRequest
    where TResponse : IKafkaResponse
{
}

/// <summary>A response.</summary>
public interface IKafkaResponse : IVersionedMessage
{
    /// <summary>Gets the API.</summary>
    static abstract ApiKey ApiKey { get; }
}

/// <summary>A response that can tell the client to wait before its next request (KIP-124, KIP-219).</summary>
public interface IThrottledResponse
{
    /// <summary>Gets or sets for how long the client should send nothing, in milliseconds.</summary>
    int ThrottleTimeMs { get; set; }
}

/// <summary>What a message is for.</summary>
public enum MessageKind
{
    /// <summary>Sent by a client.</summary>
    Request,

    /// <summary>Sent by a broker.</summary>
    Response,

    /// <summary>A key or value of an internal topic, or an embedded structure of the group protocol.</summary>
    Record,
}

/// <summary>One line of the <see cref="Messages.MessageCatalog"/>.</summary>
/// <param name="Name">The message's name.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="ApiKey">The API of a request or response.</param>
/// <param name="LowestVersion">The lowest version that can be read.</param>
/// <param name="HighestVersion">The highest version.</param>
/// <param name="FirstFlexibleVersion">The first version with compact lengths and tagged fields, or <see cref="short.MaxValue"/>.</param>
/// <param name="Create">Makes an empty message.</param>
public sealed record MessageInfo(
    string Name,
    MessageKind Kind,
    ApiKey? ApiKey,
    short LowestVersion,
    short HighestVersion,
    short FirstFlexibleVersion,
    Func<IKafkaMessage> Create);
